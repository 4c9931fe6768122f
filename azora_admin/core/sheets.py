"""Rows as CSV that a spreadsheet reads as text and numbers, never as a formula (RFC 4180, UTF-8)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

Cell: TypeAlias = str | int | Decimal | None

MARK: Final = "\N{BYTE ORDER MARK}".encode()
"""What spreadsheets look for to read a file as UTF-8; other readers are to skip it ("utf-8-sig")."""
# What a spreadsheet takes for the beginning of a formula, full-width forms too. Source: OWASP, "CSV Injection".
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# A piece of a file: large enough that sending it costs little beside making it.
_PIECE: Final = 32 * 1024


def as_csv(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """``rows`` as a whole file, in pieces, while they are read.

    A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers stay numbers.
    """
    yield MARK
    yield from _pieces(rows)


def as_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """``rows`` as lines of such a file, without its beginning."""
    return b"".join(_pieces(rows))


def _pieces(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    piece = io.StringIO(newline="")
    writer = csv.writer(piece)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if piece.tell() >= _PIECE:
            yield _taken(piece)
    yield _taken(piece)


def _taken(piece: io.StringIO) -> bytes:
    """What the piece holds, which is empty after it."""
    taken = piece.getvalue().encode()
    piece.seek(0)
    piece.truncate()
    return taken


def _cell(value: Cell) -> str | int | None:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
