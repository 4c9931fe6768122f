"""CSV files: read back as they were, no formula in them, and never whole in memory."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.web.csv_files import attachment, cell, written

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


def read(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode(), newline="")))


@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), max_size=5))
def test_a_file_is_read_back_as_it_was(lines: list[list[str]]) -> None:
    assert read(b"".join(written(["a", "b"], lines))) == [
        ["a", "b"],
        *[[cell(one) for one in line] for line in lines],
    ]


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_what_a_spreadsheet_would_compute_is_a_text(start: str) -> None:
    assert cell(f"{start}1+1") == f"'{start}1+1"
    assert cell(f"x{start}") == f"x{start}"


def test_nothing_is_an_empty_cell_and_a_number_is_its_digits() -> None:
    assert (cell(None), cell(0), cell(12)) == ("", "0", "12")


def test_lines_are_written_while_they_are_read() -> None:
    asked: list[int] = []

    def lines() -> Iterator[list[int]]:
        for number in range(1000):
            asked.append(number)
            yield [number]

    file = written(["n"], lines())
    first = next(file)
    assert first.startswith(b"n\r\n0\r\n")
    assert len(asked) == 200
    assert read(first + b"".join(file))[-1] == ["999"]


def test_whoever_waits_for_the_end_is_told_even_when_nothing_was_read() -> None:
    ended: list[bool] = []
    response = attachment("x.csv", ["a"], iter(()), at_end=lambda: ended.append(True))
    assert response.headers["Content-Disposition"] == 'attachment; filename="x.csv"'
    assert response.headers["Cache-Control"] == "no-store"
    response.close()
    assert ended == [True]
