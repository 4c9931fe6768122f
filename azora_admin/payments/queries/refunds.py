"""Reading refunds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import PaymentId, PersonId, RefundId
from azora_admin.core.money import Money
from azora_admin.core.revisions import revision
from azora_admin.payments.tables import Refund


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund as it crosses borders; ``source`` is ``ours`` or Stripe's ``dashboard``."""

    id: RefundId
    payment_id: PaymentId
    amount: Money
    state: str
    reason: str
    note: str
    source: str
    stripe_refund_id: str | None
    requested_by: PersonId | None
    approved_by: PersonId | None
    failure_reason: str | None
    requested_at: datetime
    reserved_at: datetime | None
    settled_at: datetime | None
    ended_at: datetime | None
    revision: int


_COLUMNS = (
    Refund.id,
    Refund.payment_id,
    Refund.amount_minor,
    Refund.currency,
    Refund.state,
    Refund.reason,
    Refund.note,
    Refund.source,
    Refund.stripe_refund_id,
    Refund.requested_by,
    Refund.approved_by,
    Refund.failure_reason,
    Refund.requested_at,
    Refund.reserved_at,
    Refund.settled_at,
    Refund.ended_at,
    revision(Refund),
)


def get_refund(session: Session, refund_id: RefundId) -> RefundView:
    """The refund. Raises NotFound."""
    row = session.execute(select(*_COLUMNS).where(Refund.id == refund_id)).one_or_none()
    if row is None:
        raise NotFound("refund_not_found", "There is no such refund.")
    return _view(row)


def refunds_of(session: Session, payment_id: PaymentId) -> list[RefundView]:
    """Every refund of the payment, oldest first."""
    found = session.execute(
        select(*_COLUMNS).where(Refund.payment_id == payment_id).order_by(Refund.requested_at, Refund.id)
    )
    return [_view(row) for row in found]


def _view(row: Sequence[Any]) -> RefundView:
    refund_id, payment_id, amount_minor, currency, *after = row
    return RefundView(refund_id, payment_id, Money(amount_minor, currency), *after)
