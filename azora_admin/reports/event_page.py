"""One event of Stripe's, whole: how it came, each try, what it brought about, and what else its object told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.messaging.tables import InboxAttempt, InboxEvent
from azora_admin.payments.tables import Payment
from azora_admin.reports.entries import EVENT_COLUMNS, EventView, event_view
from azora_admin.reports.event_effects import Effects, event_effects
from azora_admin.reports.payment_rows import PaymentRow, payment_row, payment_rows

SIBLINGS: Final = 20
ATTEMPTS: Final = 50
# Whoever has these can act for somebody: they are for no eyes of ours.
_SECRETS: Final = frozenset({"client_secret", "secret"})
_HIDDEN: Final = "(not shown)"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try and its outcome, or what somebody (``by_name``) decided, and why."""

    at: datetime
    outcome: str
    reason: str
    by_name: str


@dataclass(frozen=True, slots=True)
class EventPage:
    """Everything that the event's page shows. ``body``: its JSON as it came, secrets left out."""

    event: EventView
    api_version: str
    brought_by: str
    next_try_at: datetime | None
    body: str
    attempts: Sequence[Attempt]
    effects: Effects
    payment: PaymentRow | None
    siblings: Sequence[EventView]


def event_page(session: Session, event_id: str) -> EventPage:
    """The event's page. Raises NotFound. Eight statements however long its story is; use a snapshot."""
    row = session.execute(
        select(
            *EVENT_COLUMNS,
            InboxEvent.api_version,
            InboxEvent.brought_by,
            InboxEvent.next_try_at,
            InboxEvent.raw,
        ).where(InboxEvent.id == event_id)
    ).one_or_none()
    if row is None:
        raise NotFound("event_not_found", "There is no such event.")
    event = event_view(row[: len(EVENT_COLUMNS)])
    return EventPage(
        event=event,
        api_version=row.api_version,
        brought_by=row.brought_by,
        next_try_at=row.next_try_at if event.state == "received" else None,
        body=shown_body(row.raw),
        attempts=_attempts(session, event_id),
        effects=event_effects(session, event_id),
        payment=_payment(session, event.object_id),
        siblings=_siblings(session, event),
    )


def shown_body(raw: bytes) -> str:
    """``raw`` as indented JSON without secrets; as it is where it is no JSON."""
    try:
        return json.dumps(_without_secrets(json.loads(raw)), indent=2, ensure_ascii=False)
    except ValueError:
        return raw.decode(errors="replace")


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _HIDDEN if name in _SECRETS and isinstance(inner, str) else _without_secrets(inner)
            for name, inner in value.items()
        }
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value


def _attempts(session: Session, event_id: str) -> Sequence[Attempt]:
    """The latest first."""
    rows = session.execute(
        select(InboxAttempt.at, InboxAttempt.outcome, InboxAttempt.reason, InboxAttempt.by_name)
        .where(InboxAttempt.event_id == event_id)
        .order_by(InboxAttempt.number.desc())
        .limit(ATTEMPTS)
    ).all()
    return [Attempt(*row) for row in rows]


def _payment(session: Session, object_id: str) -> PaymentRow | None:
    row = session.execute(
        payment_rows()
        .where(or_(Payment.stripe_payment_intent_id == object_id, Payment.stripe_charge_id == object_id))
        .limit(1)
    ).one_or_none()
    return payment_row(row) if row else None


def _siblings(session: Session, event: EventView) -> Sequence[EventView]:
    """What else Stripe told of the object, the newest first."""
    rows = session.execute(
        select(*EVENT_COLUMNS)
        .where(InboxEvent.object_id == event.object_id, InboxEvent.id != event.id)
        .order_by(InboxEvent.created_at.desc(), InboxEvent.id.desc())
        .limit(SIBLINGS)
    ).all()
    return [event_view(row) for row in rows]
