"""Documents on paper: a layout of ``templates/documents/`` and data become a PDF, tagged for screen readers.

The data goes in as JSON and is only ever shown: no text of anybody's is read as markup. The same layout, data and
``at`` give the same bytes, as long as Inter has every letter; others come from the machine's fonts where one has them,
and are an empty box where none has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal
from unicodedata import category

import typst

from azora_admin.core import db
from azora_admin.core.places import asset_root

Paper = Literal["a4", "us-letter"]

_LAYOUTS: Final = asset_root("templates") / "documents"
_FONTS: Final = asset_root("static") / "vendor" / "fonts"
_ACCESSIBLE: Final = "ua-1"
# Signs that turn the reading direction of what follows: a name may not turn an amount beside it.
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class LayoutBroken(Exception):
    """A layout and its data don't fit together. The message is the typesetter's."""


def render(layout: str, data: Mapping[str, Any], *, at: datetime, paper: Paper = "a4") -> bytes:
    """The PDF of ``templates/documents/LAYOUT.typ`` for ``data``, which is JSON. ``at`` is written as its date.

    Raises LayoutBroken; RuntimeError inside a transaction: it takes as long as a call of the outside.
    """
    db.forbid_inside_transaction()
    handed = {"data": json.dumps(shown(data), ensure_ascii=False), "paper": paper}
    try:
        return _compiled(layout, handed, at, [_ACCESSIBLE])
    except typst.TypstError:
        # The standard wants every letter to have a shape, and a person's name may have one that no font here has.
        pass
    try:
        return _compiled(layout, handed, at, [])
    except typst.TypstError as error:
        raise LayoutBroken(f"{layout}: {error.message}") from error


def shown(value: Any) -> Any:
    """``value`` with nothing in its texts that is no letter: a control character is a space, a turning sign gone."""
    if isinstance(value, str):
        return "".join(_shown(sign) for sign in value)
    if isinstance(value, Mapping):
        return {key: shown(one) for key, one in value.items()}
    if isinstance(value, Sequence):
        return [shown(one) for one in value]
    return value


def _shown(sign: str) -> str:
    if sign in _TURNING:
        return ""
    return " " if sign != "\n" and category(sign) in ("Cc", "Cs", "Zl", "Zp") else sign


def _compiled(layout: str, handed: dict[str, str], at: datetime, standards: list[typst.PDFStandard]) -> bytes:
    return typst.compile(
        str(_LAYOUTS.joinpath(f"{layout}.typ")),
        # Layouts show our mark, which lies among the browser's files.
        root=str(_LAYOUTS.parent.parent),
        font_paths=_fonts(),
        sys_inputs=handed,
        format="pdf",
        timestamp=at.astimezone(UTC).replace(microsecond=0),
        pdf_standards=standards,
    )


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    """Inter and the machine's fonts, looked for once."""
    return typst.Fonts(include_system_fonts=True, include_embedded_fonts=False, font_paths=[str(_FONTS)])
