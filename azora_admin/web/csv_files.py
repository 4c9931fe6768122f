"""Tables as CSV files (RFC 4180), sent line by line as they are read. No cell is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from flask import Response

_AT_ONCE: Final = 200
# What a spreadsheet takes for the beginning of a formula, full-width forms too. Source: OWASP, "CSV Injection".
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def attachment(
    name: str, headings: Sequence[str], lines: Iterable[Sequence[object]], *, at_end: Callable[[], object]
) -> Response:
    """A download called ``name``; ``at_end`` is called when it was sent, or could not be."""
    response = Response(written(headings, lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    response.call_on_close(at_end)
    return response


def written(headings: Sequence[str], lines: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """The file, a few lines at a time, in UTF-8."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(headings)
    for number, line in enumerate(lines, start=1):
        writer.writerow([cell(value) for value in line])
        if number % _AT_ONCE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def cell(value: object) -> str:
    """``value`` as a text that no spreadsheet computes: what looks like a formula begins with an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _taken(buffer: io.StringIO) -> bytes:
    part = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return part
