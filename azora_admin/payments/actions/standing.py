"""Where a paid payment stands by what came back of it: its refunds that arrived, and what banks took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.payments.actions.charges import note
from azora_admin.payments.actions.refunds import RefundedPayment
from azora_admin.payments.rules.disputes import CLOSED, INQUIRY, LOST
from azora_admin.payments.rules.refunds import status_of_payment
from azora_admin.payments.rules.settlement import DISPUTED, GONE
from azora_admin.payments.tables import Dispute, Payment, Refund


@dataclass(frozen=True, slots=True)
class Standing:
    """``gone_by``: the status that took the last of the money for good; None as long as some of it may be ours."""

    status: str
    gone_by: str | None


def follow(session: Session, payment: RefundedPayment, *, reason: str, cause: str) -> Standing:
    """Bring the payment's status to what its refunds and disputes make of it, and note the step if it is one."""
    standing = _standing(session, payment)
    if standing.status == payment.status:
        return standing
    now = clock.now()
    values: dict[str, Any] = {"status": standing.status, "changed_at": now}
    if standing.status in GONE:
        values["released_at"] = func.coalesce(Payment.released_at, now)
    session.execute(update(Payment).where(Payment.id == payment.id).values(**values))
    note(
        session,
        payment.id,
        from_status=payment.status,
        to_status=standing.status,
        reason=reason,
        cause=cause,
    )
    return standing


def _standing(session: Session, payment: RefundedPayment) -> Standing:
    returned = _sum(
        session, Refund.amount_minor, Refund.payment_id == payment.id, Refund.state == "succeeded"
    )
    of_it = Dispute.payment_id == payment.id
    lost = _sum(session, Dispute.withdrawn_minor, of_it, Dispute.status.in_(LOST))
    undecided = or_(Dispute.withheld_minor > 0, Dispute.status.not_in((*CLOSED, *INQUIRY)))
    is_disputed = bool(session.scalar(select(select(Dispute.id).where(of_it, undecided).exists())))
    decided = status_of_payment(paid=payment.paid.amount, returned=returned, lost=lost)
    return Standing(DISPUTED if is_disputed else decided, decided if decided in GONE else None)


def _sum(session: Session, amount: Any, *conditions: Any) -> int:
    return int(session.scalar(select(func.coalesce(func.sum(amount), 0)).where(*conditions)) or 0)
