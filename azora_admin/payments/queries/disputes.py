"""Reading disputes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import DisputeId, PaymentId
from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.core.revisions import revision
from azora_admin.payments.rules.disputes import ANSWERABLE, REMINDERS
from azora_admin.payments.tables import Dispute


@dataclass(frozen=True, slots=True)
class DisputeView:
    """A dispute as it crosses borders; ``withdrawn`` is what the bank has of the payment now."""

    id: DisputeId
    payment_id: PaymentId
    stripe_dispute_id: str
    amount: Money
    reason: str
    network_code: str | None
    status: str
    submissions: int
    withdrawn: Money
    withheld: Money
    opened_at: datetime
    due_at: datetime | None
    changed_at: datetime
    closed_at: datetime | None
    revision: int


_COLUMNS = (
    Dispute.id,
    Dispute.payment_id,
    Dispute.stripe_dispute_id,
    Dispute.amount_minor,
    Dispute.currency,
    Dispute.reason,
    Dispute.network_code,
    Dispute.status,
    Dispute.submissions,
    Dispute.withdrawn_minor,
    Dispute.withheld_minor,
    Dispute.opened_at,
    Dispute.due_at,
    Dispute.changed_at,
    Dispute.closed_at,
    revision(Dispute),
)


def get_dispute(session: Session, dispute_id: DisputeId) -> DisputeView:
    """The dispute. Raises NotFound."""
    row = session.execute(select(*_COLUMNS).where(Dispute.id == dispute_id)).one_or_none()
    if row is None:
        raise NotFound("dispute_not_found", "There is no such dispute.")
    return _view(row)


@dataclass(frozen=True, slots=True)
class DisputeFilter:
    """What a list is narrowed to. ``due_before``: those that a bank takes an answer to, for no longer than that."""

    status: str | None = None
    due_before: datetime | None = None
    payment_id: PaymentId | None = None


def list_disputes(
    session: Session, wanted: DisputeFilter, *, limit: int, cursor: Cursor | None
) -> Page[DisputeView]:
    """The disputes of ``wanted``, newest first, one keyset page. One statement."""
    statement = select(*_COLUMNS)
    if wanted.status:
        statement = statement.where(Dispute.status == wanted.status)
    if wanted.due_before:
        statement = statement.where(Dispute.status.in_(ANSWERABLE), Dispute.due_at < wanted.due_before)
    if wanted.payment_id:
        statement = statement.where(Dispute.payment_id == wanted.payment_id)
    if cursor:
        statement = statement.where(tuple_(Dispute.opened_at, Dispute.id) < (cursor.at, cursor.id))
    found = session.execute(
        statement.order_by(Dispute.opened_at.desc(), Dispute.id.desc()).limit(limit + 1)
    ).all()
    return page_of(
        [_view(row) for row in found], limit=limit, cursor=cursor, key=lambda one: (one.opened_at, one.id)
    )


def disputes_of(session: Session, payment_id: PaymentId) -> list[DisputeView]:
    """Every dispute of the payment, oldest first."""
    found = session.execute(
        select(*_COLUMNS).where(Dispute.payment_id == payment_id).order_by(Dispute.opened_at, Dispute.id)
    )
    return [_view(row) for row in found]


def disputes_to_answer(session: Session, *, now: datetime) -> list[DisputeView]:
    """The disputes that a bank waits for an answer to for a week at most, the first one due first."""
    found = session.execute(
        select(*_COLUMNS)
        .where(
            Dispute.status.in_(ANSWERABLE),
            Dispute.due_at > now,
            Dispute.due_at <= now + timedelta(days=max(REMINDERS)),
        )
        .order_by(Dispute.due_at, Dispute.id)
    )
    return [_view(row) for row in found]


def _view(row: Sequence[Any]) -> DisputeView:
    (
        dispute_id,
        payment_id,
        stripe_id,
        amount,
        currency,
        reason,
        code,
        status,
        submissions,
        *money_and_after,
    ) = row
    withdrawn, withheld, *after = money_and_after
    return DisputeView(
        dispute_id,
        payment_id,
        stripe_id,
        Money(amount, currency),
        reason,
        code,
        status,
        submissions,
        Money(withdrawn, currency),
        Money(withheld, currency),
        *after,
    )
