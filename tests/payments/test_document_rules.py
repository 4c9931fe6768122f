"""How documents are numbered, and that what they say comes back as it was kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azora_admin.payments.rules.documents import (
    Buyer,
    Content,
    Line,
    SellerWords,
    as_json,
    from_json,
    number_text,
    series_of,
)

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("kind", "at", "series"),
    [
        ("receipt", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), "R-2026"),
        ("receipt", datetime(2027, 1, 1, tzinfo=UTC), "R-2027"),
        # In Tokyo it is next year already; the series go by UTC wherever the server is.
        ("credit_note", datetime(2027, 1, 1, 8, tzinfo=timezone(timedelta(hours=9))), "CN-2026"),
        ("cancellation", datetime(2026, 5, 1, tzinfo=UTC), "CC-2026"),
    ],
)
def test_a_series_is_one_kind_and_one_year_in_utc(kind: str, at: datetime, series: str) -> None:
    assert series_of(kind, at) == series


def test_numbers_are_written_so_that_they_sort_and_grow_beyond_six_digits() -> None:
    assert number_text("R-2026", 123) == "R-2026-000123"
    assert number_text("R-2026", 12_345_678) == "R-2026-12345678"


@settings(max_examples=30)
@given(st.builds(Buyer, _TEXT, _TEXT), st.lists(st.builds(Line, _TEXT, st.integers(1, 10**15)), min_size=1))
def test_what_is_kept_is_what_is_read(buyer: Buyer, lines: list[Line]) -> None:
    seller = SellerWords("Azora", "1 Street\nTown", "", "hello@azora.test")
    content = Content(seller, buyer, lines, "visa", "4242", datetime(2026, 7, 1, 12, 0, 1, 5, tzinfo=UTC))
    assert from_json(json.loads(json.dumps(as_json(content)))) == content
