"""What Stripe told us: found by type, state, object and time; newest first, one keyset page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, func, literal_column, select, text
from sqlalchemy.orm import Session

from azora_admin.core.ids import PaymentId
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.messaging.tables import InboxEvent
from azora_admin.payments.tables import Payment
from azora_admin.reports.entries import EVENT_COLUMNS, EventView, event_view
from azora_admin.reports.keyset import newest_first

PARKED_SHOWN: Final = 10
OPEN_STATES: Final = ("parked", "received")
_EVENT_ID: Final = "evt_"
# One probe of the index for each type that there is.
_TYPES: Final = text(
    """
    WITH RECURSIVE step AS (
      (SELECT type FROM inbox_event ORDER BY type LIMIT 1)
      UNION ALL
      SELECT (SELECT type FROM inbox_event WHERE type > step.type ORDER BY type LIMIT 1)
        FROM step WHERE type IS NOT NULL)
    SELECT type FROM step WHERE type IS NOT NULL
    """
)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What the list is narrowed to; empty means everything. ``text`` is an event's or an object's id, whole.

    Days are whole days in UTC, both within, and those on which we received.
    """

    text: str = ""
    type: str = ""
    state: str = ""
    brought_by: str = ""
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event and the payment whose intent or charge it names."""

    event: EventView
    payment_id: PaymentId | None


@dataclass(frozen=True, slots=True)
class EventList:
    """One page; how many are open, by state; the types that there are; and the parked, the oldest first."""

    page: Page[EventRow]
    open_counts: Mapping[str, int]
    types: Sequence[str]
    parked: Sequence[EventRow]


def list_events(session: Session, wanted: EventFilter, *, limit: int, cursor: Cursor | None) -> EventList:
    """The page of ``wanted`` after (or before) ``cursor``. Four statements; use a snapshot."""
    narrowed = select(InboxEvent.id).where(*_conditions(wanted))
    # The page first, its payments then: they are looked up for the rows that are shown, and no others.
    nearest = newest_first(narrowed, InboxEvent.received_at, InboxEvent.id, limit=limit, cursor=cursor)
    found = session.execute(_with_payments(nearest, backwards=cursor is not None and cursor.backwards)).all()
    page = page_of(
        [_row(row) for row in found],
        limit=limit,
        cursor=cursor,
        key=lambda row: (row.event.received_at, row.event.id),
    )
    counts = session.execute(
        select(InboxEvent.state, func.count())
        # Written out: it must be seen to lie within the condition of the index.
        .where(literal_column("inbox_event.state IN ('parked', 'received')"))
        .group_by(InboxEvent.state)
    ).all()
    return EventList(
        page, {row[0]: row[1] for row in counts}, session.scalars(_TYPES).all(), _parked(session)
    )


def _parked(session: Session) -> Sequence[EventRow]:
    oldest = (
        select(InboxEvent.id)
        .where(literal_column("inbox_event.state = 'parked'"))
        .order_by(InboxEvent.received_at)
        .limit(PARKED_SHOWN)
    )
    return [_row(row) for row in session.execute(_with_payments(oldest, backwards=True))]


def _with_payments(nearest: Select[*tuple[Any, ...]], *, backwards: bool) -> Select[*tuple[Any, ...]]:
    ids = nearest.subquery()
    by_intent = (
        select(Payment.id).where(Payment.stripe_payment_intent_id == InboxEvent.object_id).scalar_subquery()
    )
    by_charge = select(Payment.id).where(Payment.stripe_charge_id == InboxEvent.object_id).scalar_subquery()
    order = (InboxEvent.received_at, InboxEvent.id)
    return (
        select(*EVENT_COLUMNS, func.coalesce(by_intent, by_charge).label("payment_id"))
        .join(ids, ids.c.id == InboxEvent.id)
        .order_by(*(order if backwards else [one.desc() for one in order]))
    )


def _row(row: Row[*tuple[Any, ...]]) -> EventRow:
    return EventRow(event_view(row[:-1]), row.payment_id)


def _conditions(wanted: EventFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.type:
        conditions.append(InboxEvent.type == wanted.type)
    if wanted.state:
        conditions.append(InboxEvent.state == wanted.state)
        if wanted.state != "handled":
            conditions.append(literal_column("inbox_event.state <> 'handled'"))
    if wanted.brought_by == "backfill":
        conditions.append(literal_column("inbox_event.brought_by = 'backfill'"))
    if wanted.text:
        is_event = wanted.text.startswith(_EVENT_ID)
        conditions.append((InboxEvent.id if is_event else InboxEvent.object_id) == wanted.text)
    if wanted.first_on:
        conditions.append(InboxEvent.received_at >= _midnight(wanted.first_on))
    if wanted.last_on:
        conditions.append(InboxEvent.received_at < _midnight(wanted.last_on + timedelta(days=1)))
    return conditions


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
