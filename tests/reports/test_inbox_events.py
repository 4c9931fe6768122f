"""The inspector's list is what a plain filter over all events would give, a page at a time, in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.paging import Cursor, decode_cursor, encode_cursor
from azora_admin.reports.event_page import event_page, shown_body
from azora_admin.reports.inbox_events import EventFilter, EventList, list_events

pytestmark = pytest.mark.usefixtures("database")

START = datetime(2026, 7, 1, tzinfo=UTC)
TYPES = ("charge.updated", "payment_intent.succeeded", "refund.created")
STATES = ("received", "handled", "ignored", "parked", "left")
WAYS = ("webhook", "backfill")


@pytest.fixture
def events() -> list[dict[str, Any]]:
    """Ninety events of every sort, several in each moment."""
    insert = text(
        "INSERT INTO inbox_event (id, source, type, object_id, api_version, raw, state, attempts, created_at,"
        " received_at, next_try_at, handled_at, brought_by)"
        " VALUES (:id, 'stripe', :type, :object_id, 'v', '', :state, 1, :at, :at, :at, :handled_at, :by)"
    )
    made = []
    for number, (type_, state, way, day) in enumerate(product(TYPES, STATES, WAYS, range(3))):
        at = START + timedelta(days=day, hours=number % 4)
        finished = state in ("handled", "ignored", "left")
        made.append(
            {
                "id": f"evt_{number:03}",
                "type": type_,
                "object_id": f"pi_{number % 7}",
                "state": state,
                "by": way,
                "at": at,
                "handled_at": at if finished else None,
            }
        )
    with db.transaction() as session:
        for event in made:
            session.execute(insert, event)
    return made


def look(wanted: EventFilter, *, limit: int = 25, cursor: Cursor | None = None) -> EventList:
    with db.snapshot() as session:
        return list_events(session, wanted, limit=limit, cursor=cursor)


def pages(wanted: EventFilter, *, limit: int) -> Iterator[list[str]]:
    cursor: Cursor | None = None
    while True:
        page = look(wanted, limit=limit, cursor=cursor).page
        yield [row.event.id for row in page.items]
        if page.next_cursor is None:
            return
        cursor = through_the_address(page.next_cursor)


def through_the_address(cursor: Cursor) -> Cursor:
    secret, scope = "s" * 32, "admin.events"
    return decode_cursor(encode_cursor(cursor, secret=secret, scope=scope), secret=secret, scope=scope)


def expected(events: list[dict[str, Any]], **wanted: str) -> list[str]:
    found = [event for event in events if all(event[name] == value for name, value in wanted.items())]
    return [event["id"] for event in sorted(found, key=lambda one: (one["at"], one["id"]), reverse=True)]


@pytest.mark.parametrize(
    ("wanted", "same"),
    [
        (EventFilter(), {}),
        (EventFilter(type="refund.created"), {"type": "refund.created"}),
        *((EventFilter(state=state), {"state": state}) for state in STATES),
        (EventFilter(type="charge.updated", state="handled"), {"type": "charge.updated", "state": "handled"}),
        (EventFilter(text="pi_3"), {"object_id": "pi_3"}),
        (EventFilter(text="pi_3", state="left"), {"object_id": "pi_3", "state": "left"}),
        (EventFilter(text="evt_042"), {"id": "evt_042"}),
        (EventFilter(brought_by="backfill"), {"by": "backfill"}),
        (EventFilter(text="pi_"), {"id": "none"}),
    ],
)
def test_every_filter_finds_what_it_says_in_the_order_of_time(
    events: list[dict[str, Any]], wanted: EventFilter, same: dict[str, str]
) -> None:
    found = list(pages(wanted, limit=7))
    assert [one for page in found for one in page] == expected(events, **same)
    assert all(len(page) == 7 for page in found[:-1])


def test_days_are_whole_days_on_which_we_received(events: list[dict[str, Any]]) -> None:
    second = (START + timedelta(days=1)).date()
    found = look(EventFilter(first_on=second, last_on=second), limit=90).page.items
    assert {row.event.received_at.date() for row in found} == {second}
    assert len(found) == 30


def test_the_page_before_is_the_page_that_one_came_from(events: list[dict[str, Any]]) -> None:
    first = look(EventFilter(), limit=10).page
    assert first.next_cursor is not None
    second = look(EventFilter(), limit=10, cursor=through_the_address(first.next_cursor)).page
    assert second.previous_cursor is not None
    back = look(EventFilter(), limit=10, cursor=through_the_address(second.previous_cursor)).page
    assert [row.event.id for row in back.items] == [row.event.id for row in first.items]


def test_open_ones_are_counted_types_are_told_and_the_parked_come_first_oldest_first(
    events: list[dict[str, Any]],
) -> None:
    found = look(EventFilter(), limit=5)
    assert found.open_counts == {"parked": 18, "received": 18}
    assert list(found.types) == sorted(TYPES)
    times = [row.event.received_at for row in found.parked]
    assert (len(times), times) == (10, sorted(times))
    assert {row.event.state for row in found.parked} == {"parked"}


def test_other_events_of_the_object_stand_beside_an_event(events: list[dict[str, Any]]) -> None:
    with db.snapshot() as session:
        page = event_page(session, "evt_003")
    same = [event["id"] for event in events if event["object_id"] == "pi_3" and event["id"] != "evt_003"]
    assert sorted(one.id for one in page.siblings) == sorted(same)


def test_a_body_is_shown_without_what_opens_a_payment() -> None:
    raw = b'{"data": {"object": {"client_secret": "pi_1_secret_x", "charges": [{"secret": "y", "id": "ch_1"}]}}}'
    shown = shown_body(raw)
    assert "secret_x" not in shown
    assert '"client_secret": "(not shown)"' in shown
    assert '"secret": "(not shown)"' in shown
    assert '"id": "ch_1"' in shown


@pytest.mark.parametrize("raw", [b"", b"not json", b"\xff\xfe", b'{"half": '])
def test_a_body_that_is_no_json_is_shown_all_the_same(raw: bytes) -> None:
    assert shown_body(raw) == raw.decode(errors="replace")
