"""JSON with its parts told apart by classes: coloured by the style sheet, on the server, without a script."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import JsonLexer

# A longer text is shown as it is: colours take a second for each megabyte.
_LONGEST: Final = 200_000
_FORMATTER: Final = HtmlFormatter(nowrap=True, classprefix="hl-")


def json_markup(text: str) -> Markup:
    """``text`` as the inside of a ``pre``, escaped."""
    if len(text) > _LONGEST:
        return Markup("{}").format(text)
    return Markup(highlight(text, JsonLexer(), _FORMATTER))  # noqa: S704  # Pygments escapes
