"""The list of what goes out is what a plain filter over all of it would give, a page at a time, in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.paging import Cursor
from azora_admin.reports.outgoing import COUNTED, OutgoingFilter, OutgoingList, list_outgoing
from azora_admin.reports.outgoing_rows import KINDS, OPEN, STATES

pytestmark = pytest.mark.usefixtures("database")

START = datetime(2026, 7, 1, tzinfo=UTC)
# How each state stands in each table: what is not named there is the same in all of them.
PAYMENT = """INSERT INTO payment (id, payer_id, amount_minor, currency, status, description, stripe_payment_intent_id,
    created_at, changed_at, next_ask_at, parked_at, ask_count, refunded_minor, withdrawn_minor)
    VALUES (:id, :id, 100, 'usd', :word, 'Course', :told, :at, :at, :next, :parked, 2, 0, 0)"""
REFUND = """INSERT INTO refund (id, payment_id, amount_minor, currency, reason, note, source, state, stripe_refund_id,
    requested_by, sent_at, requested_at, reserved_at, settled_at, ended_at, failure_reason, next_ask_at, parked_at,
    ask_count)
    VALUES (:id, :id, 100, 'usd', 'goodwill', '', 'ours', :word, :told, :id,
    CASE WHEN :word = 'succeeded' THEN :at END, :at, :at,
    CASE WHEN :word = 'succeeded' THEN :at END, CASE WHEN :word = 'failed' THEN :at END,
    CASE WHEN :word = 'failed' THEN 'unknown' END, :next, :parked, 2)"""
SETUP = """INSERT INTO method_setup (id, person_id, state, stripe_setup_intent_id, created_at, changed_at, next_ask_at,
    parked_at, ask_count) VALUES (:id, :id, :word, :told, :at, :at, :next, :parked, 2)"""
ANSWER = """INSERT INTO dispute_answer (id, dispute_id, kind, state, requested_by, requested_at, ended_at,
    failure_reason, next_ask_at, parked_at, ask_count) VALUES (:id, :id, 'accept', :word, :id, :at,
    CASE WHEN :word IN ('sent', 'failed') THEN :at END, CASE WHEN :word = 'failed' THEN 'late' END,
    :next, :parked, 2)"""
MAIL = """INSERT INTO mail (id, to_address, kind, letter, key, state, attempts, created_at, next_try_at, sent_at)
    VALUES (:id, 'a@example.com', 'receipt', CASE WHEN :word IN ('queued', 'parked') THEN '{}'::jsonb END,
    CAST(:id AS text), :word, 2, :at, :at, CASE WHEN :word = 'sent' THEN :at END)"""
WORDS: dict[str, tuple[str, dict[str, str]]] = {
    "payment": (
        PAYMENT,
        {"unknown": "unknown", "parked": "pending", "failed": "cancelled", "done": "requires_action"},
    ),
    "refund": (
        REFUND,
        {
            "waiting": "reserved",
            "unknown": "unknown",
            "parked": "unknown",
            "failed": "failed",
            "done": "succeeded",
        },
    ),
    "setup": (
        SETUP,
        {
            "waiting": "reserved",
            "unknown": "unknown",
            "parked": "reserved",
            "failed": "cancelled",
            "done": "succeeded",
        },
    ),
    "answer": (
        ANSWER,
        {
            "waiting": "reserved",
            "unknown": "unknown",
            "parked": "unknown",
            "failed": "failed",
            "done": "sent",
        },
    ),
    "mail": (MAIL, {"waiting": "queued", "parked": "parked", "failed": "failed", "done": "sent"}),
}


@pytest.fixture
def made() -> list[dict[str, Any]]:
    """Everything in every state on three days, several of them in each moment."""
    rows = []
    with db.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for number, (kind, state, day, _) in enumerate(product(KINDS, STATES, range(3), range(2))):
            insert, words = WORDS[kind]
            if state not in words:
                continue
            at = START + timedelta(days=day, hours=number % 4)
            is_open = state in OPEN
            values = {
                "id": UUID(int=number * 7919 + 1),
                "word": words[state],
                "told": f"at_stripe_{number}" if state == "done" else None,
                "at": at,
                "next": at if is_open else None,
                # What has come to its end since it was parked is parked no more.
                "parked": at if state == "parked" or state == "done" else None,
            }
            session.execute(text(insert), values)
            rows.append({"kind": kind, "state": state, "at": at, "id": str(values["id"])})
    return rows


def look(wanted: OutgoingFilter, *, limit: int = 200, cursor: Cursor | None = None) -> OutgoingList:
    with db.snapshot() as session:
        return list_outgoing(session, wanted, limit=limit, cursor=cursor)


def expected(made: list[dict[str, Any]], **wanted: str) -> list[str]:
    found = [one for one in made if all(one[name] == value for name, value in wanted.items() if value)]
    return [one["id"] for one in sorted(found, key=lambda one: (one["at"], UUID(one["id"])), reverse=True)]


def pages(wanted: OutgoingFilter, *, limit: int) -> Iterator[list[str]]:
    """Forth to the end, and each page once more on the way back."""
    cursor: Cursor | None = None
    seen: list[list[str]] = []
    while True:
        page = look(wanted, limit=limit, cursor=cursor).page
        seen.append([one.id for one in page.items])
        yield seen[-1]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    for before in reversed(seen[:-1]):
        assert page.previous_cursor is not None
        page = look(wanted, limit=limit, cursor=page.previous_cursor).page
        assert [one.id for one in page.items] == before


def test_every_kind_and_state_finds_its_own_and_no_state_is_missing(made: list[dict[str, Any]]) -> None:
    for kind, state in product(("", *KINDS), ("", *STATES)):
        found = look(OutgoingFilter(kind=kind, state=state)).page.items
        assert [one.id for one in found] == expected(made, kind=kind, state=state), (kind, state)
        assert all(not state or one.state == state for one in found)
        assert all((one.next_at is not None) == (one.state in ("waiting", "unknown")) for one in found)


@pytest.mark.parametrize("wanted", [{}, {"state": "unknown"}, {"kind": "refund"}])
def test_its_pages_are_the_whole_list_in_both_directions(
    made: list[dict[str, Any]], wanted: dict[str, Any]
) -> None:
    walked = list(pages(OutgoingFilter(**wanted), limit=7))
    assert [one for page in walked for one in page] == expected(made, **wanted)
    assert all(len(page) == 7 for page in walked[:-1])


def test_both_days_are_within_and_the_open_ones_are_counted(made: list[dict[str, Any]]) -> None:
    day = date(2026, 7, 2)
    on_it = [one["id"] for one in made if one["at"].date() == day]
    found = look(OutgoingFilter(first_on=day, last_on=day))
    assert sorted(one.id for one in found.page.items) == sorted(on_it)
    assert found.open_counts == {state: len(expected(made, state=state)) for state in OPEN}
    assert all(count <= COUNTED for count in found.open_counts.values())
