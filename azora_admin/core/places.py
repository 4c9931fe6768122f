"""Where the files lie that are no Python: templates, browser files."""

from __future__ import annotations

from pathlib import Path


def asset_root(name: str) -> Path:
    """The folder ``name``: in the package when it was installed from a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name
