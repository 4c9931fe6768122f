"""A payment as one row of a list: who paid what for which course, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from azora_admin.core.ids import PaymentId
from azora_admin.core.money import Money
from azora_admin.identity.tables import Person
from azora_admin.marketplace.tables import Course
from azora_admin.payments.rules.refunds import Refundable
from azora_admin.payments.rules.settlement import UNKNOWN
from azora_admin.payments.tables import Payment

PAYER: Final = aliased(Person, name="payer")


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """``status`` is what people are shown: a pending payment that Stripe has not confirmed is ``unknown``."""

    id: PaymentId
    amount: Money
    status: str
    payer_name: str
    payer_email: str
    title: str
    fee: Money | None
    method_brand: str | None
    method_last4: str | None
    failure_code: str | None
    failure_message: str | None
    created_at: datetime
    settled_at: datetime | None
    refunded: Money
    withdrawn: Money

    @property
    def left(self) -> Money:
        """What can still be refunded."""
        return Refundable(self.status, self.amount, self.refunded, self.withdrawn).left

    @property
    def net(self) -> Money | None:
        """What stays of it after refunds and Stripe's fee; None while the fee is not known."""
        if self.fee is None or self.fee.currency != self.amount.currency:
            return None
        return self.left - self.fee


def is_unknown() -> ColumnElement[bool]:
    """Whether the answer to the payment's creation never reached us, so that Stripe has to be asked."""
    never_answered = and_(Payment.status == "pending", Payment.stripe_payment_intent_id.is_(None))
    return or_(Payment.status == UNKNOWN, never_answered)


def shown_status() -> ColumnElement[str]:
    """The status that people are shown."""
    return case((is_unknown(), "unknown"), else_=Payment.status)


def kept_minor() -> ColumnElement[int]:
    """What is left of a payment after its refunds and what banks took, in minor units."""
    return func.greatest(Payment.amount_minor - Payment.refunded_minor - Payment.withdrawn_minor, 0)


def payment_rows() -> Select[*tuple[Any, ...]]:
    """Every payment as a row, unordered: to be narrowed, ordered and limited."""
    return (
        select(
            Payment.id,
            Payment.amount_minor,
            Payment.currency,
            shown_status().label("shown"),
            PAYER.name,
            PAYER.email,
            Course.title,
            Payment.description,
            Payment.fee_minor,
            Payment.fee_currency,
            Payment.method_brand,
            Payment.method_last4,
            Payment.failure_code,
            Payment.failure_message,
            Payment.created_at,
            Payment.settled_at,
            Payment.refunded_minor,
            Payment.withdrawn_minor,
        )
        .join(PAYER, PAYER.id == Payment.payer_id)
        .outerjoin(Course, Course.id == Payment.course_id)
    )


def payment_row(row: Row[*tuple[Any, ...]]) -> PaymentRow:
    """One row of ``payment_rows``."""
    return PaymentRow(
        id=PaymentId(row.id),
        amount=Money(row.amount_minor, row.currency),
        status=row.shown,
        payer_name=row.name,
        payer_email=row.email,
        title=row.title or row.description,
        fee=None if row.fee_minor is None else Money(row.fee_minor, row.fee_currency),
        method_brand=row.method_brand,
        method_last4=row.method_last4,
        failure_code=row.failure_code,
        failure_message=row.failure_message,
        created_at=row.created_at,
        settled_at=row.settled_at,
        refunded=Money(row.refunded_minor, row.currency),
        withdrawn=Money(row.withdrawn_minor, row.currency),
    )
