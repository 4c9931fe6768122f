"""The table of settings, made from the settings class, so that it can't say anything else."""

from __future__ import annotations

from collections.abc import Iterator

from azora_admin.core.config import Settings, environment_name, plain


def rows() -> Iterator[tuple[str, str, str]]:
    """Variable, default and meaning of every setting, in the order of the class."""
    for name, field in Settings.model_fields.items():
        yield environment_name(name), plain(field.default), field.description or ""


def as_markdown() -> str:
    """The table of the README."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {f'`{default}`' if default else ''} | {meaning} |" for name, default, meaning in rows()
    ]
    return "\n".join(lines)


def as_text() -> str:
    """The table for a terminal."""
    width = max(len(name) for name, _, _ in rows())
    return "\n".join(
        f"{name:<{width}}  {meaning}{f' [{default}]' if default else ''}" for name, default, meaning in rows()
    )
