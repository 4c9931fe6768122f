"""A cursor is ours or it is refused, and pages walked in either direction are the list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from azora_admin.core.errors import Invalid
from azora_admin.core.paging import Cursor, Page, decode_cursor, encode_cursor, page_of

SECRET = "a secret for cursors"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
micros = st.integers(0, (datetime.max.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1))
times = micros.map(lambda count: EPOCH + timedelta(microseconds=count))
cursors = st.builds(Cursor, times, st.uuids(), st.booleans())


def encode(cursor: Cursor) -> str:
    return encode_cursor(cursor, secret=SECRET, scope="payments")


def decode(text: str) -> Cursor:
    return decode_cursor(text, secret=SECRET, scope="payments")


def is_refused(text: str) -> bool:
    """Whether ``text`` is refused, and refused as a cursor: any other error is a failure of the test."""
    try:
        decode(text)
    except Invalid as refused:
        return [(one.field, one.code) for one in refused.errors] == [("cursor", "invalid_cursor")]
    return False


@given(cursors)
@example(Cursor(datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0)))
@example(
    Cursor(datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), UUID(int=2**128 - 1), backwards=True)
)
@example(Cursor(datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=UTC), UUID(int=1)))
def test_a_cursor_comes_back_to_the_microsecond(cursor: Cursor) -> None:
    assert decode(encode(cursor)) == cursor


@given(cursors)
def test_a_cursor_can_stand_in_an_address_as_it_is(cursor: Cursor) -> None:
    assert set(encode(cursor)) <= set(ALPHABET)


@given(cursors, st.data())
def test_a_cursor_with_one_letter_changed_is_refused(cursor: Cursor, data: st.DataObject) -> None:
    text = encode(cursor)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from(ALPHABET).filter(lambda one: one != text[place]))
    assert is_refused(text[:place] + letter + text[place + 1 :])


def test_every_letter_of_a_cursor_counts() -> None:
    text = encode(Cursor(datetime(2026, 7, 1, 12, tzinfo=UTC), UUID(int=7)))
    for place, was in enumerate(text):
        for letter in ALPHABET:
            assert letter == was or is_refused(text[:place] + letter + text[place + 1 :])


@given(cursors, st.data())
def test_a_cursor_with_something_put_in_or_left_out_is_refused(cursor: Cursor, data: st.DataObject) -> None:
    text = encode(cursor)
    place = data.draw(st.integers(0, len(text) - 1))
    put_in = data.draw(st.text(min_size=1, max_size=3))
    assert is_refused(text[:place] + put_in + text[place:])
    assert is_refused(text + put_in)
    assert is_refused(text[:place] + text[place + 1 :])


@given(cursors)
def test_a_cursor_of_another_list_or_another_installation_is_refused(cursor: Cursor) -> None:
    for text in (
        encode_cursor(cursor, secret=SECRET, scope="courses"),
        encode_cursor(cursor, secret="another secret", scope="payments"),
        encode_cursor(cursor, secret=SECRET, scope=""),
    ):
        assert is_refused(text)


@given(st.one_of(st.text(), st.text(ALPHABET, max_size=200)))
@example("")
@example("=")
@example("====")
@example("é")
@example("\ud800")
@example("\0")
@example("A" * 100_000)
def test_anything_else_is_refused(text: str) -> None:
    assert is_refused(text)


@dataclass(frozen=True)
class Row:
    at: datetime
    id: UUID


def key(row: Row) -> tuple[datetime, UUID]:
    return row.at, row.id


def read(rows: list[Row], cursor: Cursor | None, limit: int) -> Page[Row]:
    """What a query does: newest first, from the cursor in its direction, one row more than the page has."""
    if cursor is None:
        near = sorted(rows, key=key, reverse=True)
    elif cursor.backwards:
        near = sorted((row for row in rows if key(row) > (cursor.at, cursor.id)), key=key)
    else:
        near = sorted((row for row in rows if key(row) < (cursor.at, cursor.id)), key=key, reverse=True)
    return page_of(near[: limit + 1], limit=limit, cursor=cursor, key=key)


# Few instants, so that many rows share one and only the id tells them apart.
row_lists = st.lists(
    st.builds(Row, st.sampled_from([datetime(2026, 7, day, tzinfo=UTC) for day in (1, 2, 3)]), st.uuids()),
    max_size=30,
    unique_by=key,
)


@given(row_lists, st.integers(1, 12))
def test_pages_walked_forwards_are_the_list_once(rows: list[Row], limit: int) -> None:
    walked: list[Row] = []
    cursor: Cursor | None = None
    while True:
        page = read(rows, cursor, limit)
        walked.extend(page.items)
        assert (page.previous_cursor is not None) == (cursor is not None)
        assert len(page.items) == limit or page.next_cursor is None
        if page.next_cursor is None:
            break
        cursor = decode(encode(page.next_cursor))
    assert walked == sorted(rows, key=key, reverse=True)


@given(row_lists, st.integers(1, 12))
def test_pages_walked_back_from_the_end_are_the_pages_that_were_passed(rows: list[Row], limit: int) -> None:
    page = read(rows, None, limit)
    passed = [list(page.items)]
    while page.next_cursor:
        page = read(rows, page.next_cursor, limit)
        passed.append(list(page.items))
    back = [list(page.items)]
    while page.previous_cursor:
        page = read(rows, page.previous_cursor, limit)
        assert page.next_cursor is not None
        back.append(list(page.items))
    assert back[::-1] == passed


def test_a_page_beyond_the_end_is_empty_and_ends_the_walk() -> None:
    cursor = Cursor(datetime(1970, 1, 1, tzinfo=UTC), UUID(int=0))
    assert read([], cursor, 20) == Page([], None, None)


@pytest.mark.parametrize("count", [0, 1, 19, 20, 21, 40, 41])
def test_there_is_a_next_page_exactly_when_there_are_more_rows(count: int) -> None:
    rows = [Row(datetime(2026, 7, 1, tzinfo=UTC), UUID(int=number)) for number in range(count)]
    assert (read(rows, None, 20).next_cursor is not None) == (count > 20)
