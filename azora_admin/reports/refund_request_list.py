"""What payers ask to have refunded, as staff see it: who, what, how long ago, and what the policy says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session, aliased

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import PaymentId, PersonId, RefundRequestId
from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.identity.tables import Person
from azora_admin.marketplace.tables import Course
from azora_admin.payments.tables import Payment, Refund, RefundPolicy, RefundRequest
from azora_admin.reports.keyset import newest_first

_PAYER: Final = aliased(Person, name="payer")
_DECIDER: Final = aliased(Person, name="decider")


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request with its payer and course; ``days``, ``progress`` and ``verdict`` are those of when it was made."""

    id: RefundRequestId
    payment_id: PaymentId
    payer_id: PersonId
    payer_email: str
    title: str
    amount: Money
    paid: Money
    reason: str
    note: str
    verdict: str
    days: int
    progress: int
    policy_version: int
    policy_days: int
    policy_progress: int
    state: str
    refund_state: str | None
    decided_by: str | None
    decline_reason: str | None
    requested_at: datetime
    decided_at: datetime | None


def list_refund_requests(
    session: Session, *, is_open: bool, limit: int, cursor: Cursor | None
) -> Page[RequestRow]:
    """One keyset page of those that are open, or of those that are decided; newest first. One statement."""
    states = ("open",) if is_open else ("approved", "declined", "withdrawn")
    wanted = _rows().where(RefundRequest.state.in_(states))
    found = session.execute(
        newest_first(wanted, RefundRequest.requested_at, RefundRequest.id, limit=limit, cursor=cursor)
    ).all()
    return page_of(
        [_row(row) for row in found],
        limit=limit,
        cursor=cursor,
        key=lambda one: (one.requested_at, one.id),
    )


def refund_request_row(session: Session, request_id: RefundRequestId) -> RequestRow:
    """The request. Raises NotFound. One statement."""
    row = session.execute(_rows().where(RefundRequest.id == request_id)).one_or_none()
    if row is None:
        raise NotFound("refund_request_not_found", "There is no such request.")
    return _row(row)


def count_open_requests(session: Session, *, most: int) -> int:
    """How many are open, counted up to ``most``."""
    some = select(RefundRequest.id).where(RefundRequest.state == "open").limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            RefundRequest.id,
            RefundRequest.payment_id,
            RefundRequest.requested_by,
            _PAYER.email,
            func.coalesce(Course.title, Payment.description).label("title"),
            RefundRequest.amount_minor,
            Payment.amount_minor.label("paid_minor"),
            RefundRequest.currency,
            RefundRequest.reason,
            RefundRequest.note,
            RefundRequest.verdict,
            RefundRequest.days,
            RefundRequest.progress,
            Payment.refund_policy_version,
            RefundPolicy.days.label("policy_days"),
            RefundPolicy.most_progress,
            RefundRequest.state,
            Refund.state.label("refund_state"),
            _DECIDER.name.label("decided_by"),
            RefundRequest.decline_reason,
            RefundRequest.requested_at,
            RefundRequest.decided_at,
        )
        .join(Payment, Payment.id == RefundRequest.payment_id)
        .join(RefundPolicy, RefundPolicy.version == Payment.refund_policy_version)
        .join(_PAYER, _PAYER.id == RefundRequest.requested_by)
        .outerjoin(Course, Course.id == Payment.course_id)
        .outerjoin(Refund, Refund.id == RefundRequest.refund_id)
        .outerjoin(_DECIDER, _DECIDER.id == RefundRequest.decided_by)
    )


def _row(row: Row[*tuple[Any, ...]]) -> RequestRow:
    return RequestRow(
        id=RefundRequestId(row.id),
        payment_id=PaymentId(row.payment_id),
        payer_id=PersonId(row.requested_by),
        payer_email=row.email,
        title=row.title,
        amount=Money(row.amount_minor, row.currency),
        paid=Money(row.paid_minor, row.currency),
        reason=row.reason,
        note=row.note,
        verdict=row.verdict,
        days=row.days,
        progress=row.progress,
        policy_version=row.refund_policy_version,
        policy_days=row.policy_days,
        policy_progress=row.most_progress,
        state=row.state,
        refund_state=row.refund_state,
        decided_by=row.decided_by,
        decline_reason=row.decline_reason,
        requested_at=row.requested_at,
        decided_at=row.decided_at,
    )
