"""What payers ask to have refunded, from request to decision, under the lock of the payment."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import PaymentId, PersonId, RefundId, RefundRequestId, new_id
from azora_admin.core.money import Money
from azora_admin.payments.tables import RefundRequest


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What is asked for, checked, and how the policy judged it at that moment."""

    payment_id: PaymentId
    requested_by: PersonId
    amount: Money
    reason: str
    note: str
    verdict: str
    days: int
    progress: int


def add_request(session: Session, wanted: NewRequest) -> RefundRequestId:
    """Write the request down; the database refuses a second open one for the payment."""
    request_id = RefundRequestId(new_id())
    session.execute(
        insert(RefundRequest).values(
            id=request_id,
            payment_id=wanted.payment_id,
            requested_by=wanted.requested_by,
            amount_minor=wanted.amount.amount,
            currency=wanted.amount.currency,
            reason=wanted.reason,
            note=wanted.note,
            verdict=wanted.verdict,
            days=wanted.days,
            progress=wanted.progress,
            state="open",
            requested_at=clock.now(),
        )
    )
    return request_id


def approve_request(
    session: Session, request_id: RefundRequestId, *, refund_id: RefundId, by: PersonId | None
) -> None:
    """It led to a refund; ``by`` None: the policy alone approved it."""
    _decide(session, request_id, state="approved", refund_id=refund_id, decided_by=by)


def decline_request(session: Session, request_id: RefundRequestId, *, why: str, by: PersonId) -> None:
    """It is not to be refunded; the payer reads ``why``."""
    _decide(session, request_id, state="declined", decline_reason=why, decided_by=by)


def withdraw_request(session: Session, request_id: RefundRequestId) -> None:
    """The payer takes it back."""
    _decide(session, request_id, state="withdrawn")


def reopen_request(session: Session, request_id: RefundRequestId) -> None:
    """Its refund was called off by whoever had asked for it: somebody else may decide."""
    session.execute(
        update(RefundRequest)
        .where(RefundRequest.id == request_id)
        .values(state="open", refund_id=None, decided_by=None, decided_at=None)
    )


def _decide(session: Session, request_id: RefundRequestId, **values: object) -> None:
    session.execute(
        update(RefundRequest).where(RefundRequest.id == request_id).values(decided_at=clock.now(), **values)
    )
