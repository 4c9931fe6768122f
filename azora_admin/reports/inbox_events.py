"""What Stripe told us, by what became of it; each event with the payment that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from azora_admin.core.ids import PaymentId
from azora_admin.messaging.tables import InboxEvent
from azora_admin.payments.tables import Payment
from azora_admin.reports.entries import EVENT_COLUMNS, EventView, event_view

SHOWN: Final = 100
OPEN_STATES: Final = ("parked", "received")


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event and the payment whose intent or charge it names."""

    event: EventView
    payment_id: PaymentId | None


@dataclass(frozen=True, slots=True)
class EventList:
    """The newest events of a state (at most ``SHOWN``), and how many are open, by state."""

    rows: Sequence[EventRow]
    open_counts: Mapping[str, int]


def list_events(session: Session, *, state: str | None) -> EventList:
    """Events of ``state`` or of any, the newest first. Two statements; use a snapshot."""
    statement = select(*EVENT_COLUMNS, Payment.id.label("payment_id")).outerjoin(
        Payment,
        or_(
            Payment.stripe_payment_intent_id == InboxEvent.object_id,
            Payment.stripe_charge_id == InboxEvent.object_id,
        ),
    )
    if state:
        statement = statement.where(InboxEvent.state == state)
    rows = session.execute(
        statement.order_by(InboxEvent.received_at.desc(), InboxEvent.id.desc()).limit(SHOWN)
    ).all()
    counts = session.execute(
        select(InboxEvent.state, func.count())
        .where(InboxEvent.state.in_(OPEN_STATES))
        .group_by(InboxEvent.state)
    ).all()
    views = [EventRow(event_view(row[:-1]), row.payment_id) for row in rows]
    return EventList(views, {row[0]: row[1] for row in counts})
