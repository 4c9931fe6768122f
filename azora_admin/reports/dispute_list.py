"""Disputes as rows: of one payment, or of everybody's, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, exists, func, select
from sqlalchemy.orm import Session, aliased

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import DisputeId, PaymentId, PersonId
from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.identity.tables import Person
from azora_admin.marketplace.tables import Course
from azora_admin.payments.rules.disputes import ANSWERABLE, INQUIRY, is_closed, is_inquiry, suggests_refund
from azora_admin.payments.tables import Dispute, DisputeMovement, FraudWarning, Payment
from azora_admin.reports.keyset import newest_first

_WARNINGS: Final = 20
_PAYER: Final = aliased(Person, name="payer")
_MOVEMENTS: Final = (
    select(DisputeMovement.stripe_balance_transaction_id)
    .where(DisputeMovement.dispute_id == Dispute.id)
    .order_by(DisputeMovement.at)
)


@dataclass(frozen=True, slots=True)
class DisputeRow:
    """A dispute with whose it is; ``references`` are what its entries in the book are about."""

    id: DisputeId
    payment_id: PaymentId
    stripe_dispute_id: str
    amount: Money
    status: str
    reason: str
    network_code: str | None
    submissions: int
    withdrawn: Money
    withheld: Money
    payer_id: PersonId
    payer_name: str
    payer_email: str
    title: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    references: Sequence[str]

    @property
    def is_inquiry(self) -> bool:
        return is_inquiry(self.status)

    @property
    def is_closed(self) -> bool:
        return is_closed(self.status)

    @property
    def is_answerable(self) -> bool:
        return self.status in ANSWERABLE


@dataclass(frozen=True, slots=True)
class WarningRow:
    """A payment that a bank suspects; ``is_refund_suggested`` where a dispute would cost more than it brought."""

    payment_id: PaymentId
    left: Money
    fraud_type: str
    payer_email: str
    title: str
    warned_at: datetime
    is_refund_suggested: bool


def open_warnings(session: Session) -> Sequence[WarningRow]:
    """The warnings of fraud that can still be acted on, the newest first, at most twenty. One statement."""
    rows = session.execute(
        select(FraudWarning, Payment, _PAYER.email, Course.title)
        .join(Payment, Payment.id == FraudWarning.payment_id)
        .join(_PAYER, _PAYER.id == Payment.payer_id)
        .outerjoin(Course, Course.id == Payment.course_id)
        .where(FraudWarning.is_actionable)
        .order_by(FraudWarning.warned_at.desc(), FraudWarning.id.desc())
        .limit(_WARNINGS)
    )
    return [_warning(row.FraudWarning, row.Payment, row.email, row.title) for row in rows]


def list_disputes(
    session: Session, statuses: Sequence[str], *, limit: int, cursor: Cursor | None
) -> Page[DisputeRow]:
    """One keyset page of the disputes in ``statuses`` (all if none is named), newest first. One statement."""
    wanted = _rows().where(Dispute.status.in_(statuses)) if statuses else _rows()
    found = session.execute(
        newest_first(wanted, Dispute.opened_at, Dispute.id, limit=limit, cursor=cursor)
    ).all()
    return page_of(
        [_row(row) for row in found], limit=limit, cursor=cursor, key=lambda one: (one.opened_at, one.id)
    )


def dispute_rows_of(session: Session, payment_id: PaymentId) -> Sequence[DisputeRow]:
    """Every dispute of the payment, newest first. One statement."""
    found = session.execute(
        _rows().where(Dispute.payment_id == payment_id).order_by(Dispute.opened_at.desc(), Dispute.id.desc())
    )
    return [_row(row) for row in found]


def has_open_inquiry(session: Session, payment_id: PaymentId) -> bool:
    """Whether the payer's bank inquires about the payment, without having taken money. One statement."""
    is_open = Dispute.status.in_(INQUIRY) & Dispute.closed_at.is_(None)
    return bool(session.scalar(select(exists().where(Dispute.payment_id == payment_id, is_open))))


def dispute_line(session: Session, dispute_id: DisputeId) -> DisputeRow:
    """The dispute as one row. Raises NotFound. One statement."""
    row = session.execute(_rows().where(Dispute.id == dispute_id)).one_or_none()
    if row is None:
        raise NotFound("dispute_not_found", "There is no such dispute.")
    return _row(row)


def _warning(warning: FraudWarning, paid: Payment, email: str, title: str | None) -> WarningRow:
    left = Money(max(paid.amount_minor - paid.refunded_minor - paid.withdrawn_minor, 0), paid.currency)
    return WarningRow(
        payment_id=PaymentId(paid.id),
        left=left,
        fraud_type=warning.fraud_type,
        payer_email=email,
        title=title or paid.description,
        warned_at=warning.warned_at,
        is_refund_suggested=suggests_refund(left),
    )


def _rows() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Dispute,
            _PAYER.id.label("payer_id"),
            _PAYER.name,
            _PAYER.email,
            Course.title,
            Payment.description,
            func.array(_MOVEMENTS.correlate(Dispute).scalar_subquery()).label("movements"),
        )
        .join(Payment, Payment.id == Dispute.payment_id)
        .join(_PAYER, _PAYER.id == Payment.payer_id)
        .outerjoin(Course, Course.id == Payment.course_id)
    )


def _row(row: Row[*tuple[Any, ...]]) -> DisputeRow:
    found: Dispute = row.Dispute
    decisions = [f"{found.id}:{number}" for number in range(1, found.decisions + 1)]
    return DisputeRow(
        id=DisputeId(found.id),
        payment_id=PaymentId(found.payment_id),
        stripe_dispute_id=found.stripe_dispute_id,
        amount=Money(found.amount_minor, found.currency),
        status=found.status,
        reason=found.reason,
        network_code=found.network_code,
        submissions=found.submissions,
        withdrawn=Money(found.withdrawn_minor, found.currency),
        withheld=Money(found.withheld_minor, found.currency),
        payer_id=PersonId(row.payer_id),
        payer_name=row.name,
        payer_email=row.email,
        title=row.title or row.description,
        opened_at=found.opened_at,
        due_at=found.due_at,
        closed_at=found.closed_at,
        references=[*row.movements, *decisions],
    )
