"""Reading payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, select, tuple_
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import CourseId, PaymentId, PersonId
from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.core.revisions import revision
from azora_admin.core.statements import Statement, rows
from azora_admin.payments.queries.refund_policies import policy_of_payment, policy_told
from azora_admin.payments.rules.refund_policy import Policy
from azora_admin.payments.tables import Customer, Payment, Refund


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment as it crosses borders; ``revision`` is another one for each state of its row."""

    id: PaymentId
    payer_id: PersonId
    course_id: CourseId | None
    amount: Money
    status: str
    description: str
    stripe_payment_intent_id: str | None
    failure_code: str | None
    failure_message: str | None
    created_at: datetime
    settled_at: datetime | None
    refunded: Money
    policy: Policy
    has_refunds: bool
    saves_method: bool
    revision: int


_COLUMNS = (
    Payment.id,
    Payment.payer_id,
    Payment.course_id,
    Payment.amount_minor,
    Payment.currency,
    Payment.status,
    Payment.description,
    Payment.stripe_payment_intent_id,
    Payment.failure_code,
    Payment.failure_message,
    Payment.created_at,
    Payment.settled_at,
    Payment.refunded_minor,
    policy_of_payment(),
    exists().where(Refund.payment_id == Payment.id),
    Payment.saves_method,
    revision(Payment),
)

_ONE = Statement(select(*_COLUMNS).where(Payment.id == bindparam("id")))
_ONE_OF_PAYER = Statement(
    select(*_COLUMNS).where(Payment.id == bindparam("id"), Payment.payer_id == bindparam("payer_id"))
)


def get_payment(session: Session, payment_id: PaymentId, *, payer_id: PersonId | None = None) -> PaymentView:
    """The payment; with ``payer_id``, only if it is that payer's. Raises NotFound."""
    if payer_id is None:
        found = rows(session, _ONE, {"id": payment_id})
    else:
        found = rows(session, _ONE_OF_PAYER, {"id": payment_id, "payer_id": payer_id})
    if not found:
        raise NotFound("payment_not_found", "There is no such payment.")
    return _view(found[0])


def find_by_intent(session: Session, intent_id: str) -> PaymentView | None:
    """The payment of a PaymentIntent, or None when we know none."""
    row = session.execute(
        select(*_COLUMNS).where(Payment.stripe_payment_intent_id == intent_id)
    ).one_or_none()
    return _view(row) if row else None


def find_live_purchase(session: Session, *, payer_id: PersonId, course_id: CourseId) -> PaymentView | None:
    """The payer's one live payment for the course (open or paid), or None; one refunded in full lives no more."""
    row = session.execute(
        select(*_COLUMNS).where(
            Payment.payer_id == payer_id,
            Payment.course_id == course_id,
            Payment.status != "cancelled",
            Payment.released_at.is_(None),
        )
    ).one_or_none()
    return _view(row) if row else None


def find_by_request(
    session: Session, *, payer_id: PersonId, request_key: str, since: datetime
) -> PaymentView | None:
    """What the payer's request with this key made after ``since`` and was not given up; None when there is nothing."""
    row = session.execute(
        select(*_COLUMNS)
        .where(
            Payment.payer_id == payer_id,
            Payment.request_key == request_key,
            Payment.created_at > since,
            Payment.status != "cancelled",
        )
        .order_by(Payment.created_at.desc())
        .limit(1)
    ).one_or_none()
    return _view(row) if row else None


def list_payments(
    session: Session, *, payer_id: PersonId, status: str | None, limit: int, cursor: Cursor | None
) -> Page[PaymentView]:
    """A payer's payments, newest first, one keyset page."""
    statement = select(*_COLUMNS).where(Payment.payer_id == payer_id)
    if status:
        statement = statement.where(Payment.status == status)
    if cursor:
        statement = statement.where(tuple_(Payment.created_at, Payment.id) < (cursor.at, cursor.id))
    found = session.execute(
        statement.order_by(Payment.created_at.desc(), Payment.id.desc()).limit(limit + 1)
    ).all()
    return page_of(
        [_view(row) for row in found], limit=limit, cursor=cursor, key=lambda one: (one.created_at, one.id)
    )


def find_customer_id(session: Session, person_id: PersonId) -> str | None:
    """Who the person is at Stripe, if they have been there."""
    return session.scalar(select(Customer.stripe_customer_id).where(Customer.person_id == person_id))


def method_words(session: Session, payment_id: PaymentId) -> str:
    """What the payment was paid with, in the middle of a sentence to its payer."""
    brand, last4 = session.execute(
        select(Payment.method_brand, Payment.method_last4).where(Payment.id == payment_id)
    ).one()
    if not brand:
        return "what you paid with"
    name = brand.replace("_", " ").capitalize()
    return f"your {name} ending in {last4}" if last4 else f"your {name}"


def _view(row: Sequence[Any]) -> PaymentView:
    payment_id, payer_id, course_id, amount_minor, currency, *after = row
    after[-5] = Money(after[-5], currency)  # what was refunded
    after[-4] = policy_told(after[-4])
    return PaymentView(payment_id, payer_id, course_id, Money(amount_minor, currency), *after)
