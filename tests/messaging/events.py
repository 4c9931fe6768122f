"""Events for the inbox, and what the database holds of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from azora_admin.core import db
from azora_admin.messaging import inbox
from azora_admin.messaging.inbox import Delivery
from azora_admin.messaging.tables import InboxEvent


@dataclass(frozen=True)
class Job:
    """A job that waits in the queue."""

    name: str
    event_id: str
    lock: str | None
    scheduled_at: datetime | None


def delivery(event_id: str = "evt_1", *, object_id: str = "pi_1") -> Delivery:
    return Delivery(
        event_id, "payment_intent.succeeded", object_id, "2026-10-28.endive", 1_782_907_200, b'{"raw": 1}'
    )


def receive(event_id: str = "evt_1", *, object_id: str = "pi_1") -> bool:
    """Receive an event in a transaction of its own."""
    with db.transaction() as session:
        return inbox.receive(session, delivery(event_id, object_id=object_id))


def stored() -> list[InboxEvent]:
    """Every event of the inbox, by id."""
    with db.reading() as session:
        return list(session.scalars(select(InboxEvent).order_by(InboxEvent.id)))


def jobs() -> list[Job]:
    """Every job that waits, in the order of the queue."""
    with db.reading() as session:
        rows = session.execute(
            text(
                "SELECT task_name, args ->> 'event_id', lock, scheduled_at FROM procrastinate_jobs"
                " WHERE status = 'todo' ORDER BY id"
            )
        ).all()
    return [Job(*row) for row in rows]
