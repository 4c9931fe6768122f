"""Refunds as rows: of one payment, or of everybody's, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session, aliased

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import PaymentId, PersonId, RefundId
from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.identity.tables import Person
from azora_admin.marketplace.tables import Course
from azora_admin.payments.tables import Payment, Refund
from azora_admin.reports.keyset import newest_first

_PAYER: Final = aliased(Person, name="payer")
_ASKER: Final = aliased(Person, name="asker")
_APPROVER: Final = aliased(Person, name="approver")


@dataclass(frozen=True, slots=True)
class RefundRow:
    """A refund with whose it is; ``asked_by`` is None for one made in Stripe's dashboard."""

    id: RefundId
    payment_id: PaymentId
    amount: Money
    state: str
    reason: str
    note: str
    failure_reason: str | None
    stripe_refund_id: str | None
    asked_by_id: PersonId | None
    asked_by: str | None
    approved_by: str | None
    payer_email: str
    title: str
    requested_at: datetime
    settled_at: datetime | None


def list_refunds(
    session: Session, states: Sequence[str], *, limit: int, cursor: Cursor | None
) -> Page[RefundRow]:
    """One keyset page of the refunds in ``states`` (all if none is named), newest first. One statement."""
    wanted = _rows().where(Refund.state.in_(states)) if states else _rows()
    found = session.execute(
        newest_first(wanted, Refund.requested_at, Refund.id, limit=limit, cursor=cursor)
    ).all()
    return page_of(
        [_row(row) for row in found],
        limit=limit,
        cursor=cursor,
        key=lambda one: (one.requested_at, one.id),
    )


def refund_row(session: Session, refund_id: RefundId) -> RefundRow:
    """The refund. Raises NotFound. One statement."""
    row = session.execute(_rows().where(Refund.id == refund_id)).one_or_none()
    if row is None:
        raise NotFound("refund_not_found", "There is no such refund.")
    return _row(row)


def refund_rows_of(session: Session, payment_id: PaymentId) -> Sequence[RefundRow]:
    """Every refund of the payment, newest first. One statement."""
    found = session.execute(
        _rows().where(Refund.payment_id == payment_id).order_by(Refund.requested_at.desc(), Refund.id.desc())
    )
    return [_row(row) for row in found]


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Refund.id,
            Refund.payment_id,
            Refund.amount_minor,
            Refund.currency,
            Refund.state,
            Refund.reason,
            Refund.note,
            Refund.failure_reason,
            Refund.stripe_refund_id,
            Refund.requested_by,
            _ASKER.name.label("asked_by"),
            _APPROVER.name.label("approved_by"),
            _PAYER.email,
            Course.title,
            Payment.description,
            Refund.requested_at,
            Refund.settled_at,
        )
        .join(Payment, Payment.id == Refund.payment_id)
        .join(_PAYER, _PAYER.id == Payment.payer_id)
        .outerjoin(Course, Course.id == Payment.course_id)
        .outerjoin(_ASKER, _ASKER.id == Refund.requested_by)
        .outerjoin(_APPROVER, _APPROVER.id == Refund.approved_by)
    )


def _row(row: Row[*tuple[Any, ...]]) -> RefundRow:
    return RefundRow(
        id=RefundId(row.id),
        payment_id=PaymentId(row.payment_id),
        amount=Money(row.amount_minor, row.currency),
        state=row.state,
        reason=row.reason,
        note=row.note,
        failure_reason=row.failure_reason,
        stripe_refund_id=row.stripe_refund_id,
        asked_by_id=PersonId(row.requested_by) if row.requested_by else None,
        asked_by=row.asked_by,
        approved_by=row.approved_by,
        payer_email=row.email,
        title=row.title or row.description,
        requested_at=row.requested_at,
        settled_at=row.settled_at,
    )
