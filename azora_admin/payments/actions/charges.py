"""A payment from order to settlement: reserved here, sent by a flow, recorded here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import AgreementId, CourseId, PaymentId, PersonId, new_id
from azora_admin.core.money import Money
from azora_admin.gateways.stripe.shapes import Charge, Fee, Intent
from azora_admin.payments.rules.settlement import OPEN, UNKNOWN, Order, Transition, decide, next_ask
from azora_admin.payments.tables import Customer, Payment, PaymentChange

_SILENT: Final = "Stripe has not answered"


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What somebody is about to pay: the price, and a course's split agreement, are frozen when it is ordered.

    ``request_key``: the payer's own name for the request, by which the same one again is known.
    """

    payer_id: PersonId
    price: Money
    description: str
    course_id: CourseId | None = None
    agreement_id: AgreementId | None = None
    request_key: str | None = None
    saves_method: bool = False


@dataclass(frozen=True, slots=True)
class Settling:
    """A payment under lock, about to follow its intent."""

    id: PaymentId
    payer_id: PersonId
    course_id: CourseId | None
    agreement_id: AgreementId | None
    amount: Money
    status: str
    fee_known: bool
    saves_method: bool


@dataclass(frozen=True, slots=True)
class Due:
    """An open payment that is to be asked for."""

    id: PaymentId
    intent_id: str | None


def reserve(session: Session, order: NewOrder, *, cause: str, ask_after: timedelta) -> PaymentId:
    """Write the order down before Stripe hears of it. The database refuses a second live one."""
    now = clock.now()
    payment_id = PaymentId(new_id())
    session.execute(
        insert(Payment).values(
            id=payment_id,
            payer_id=order.payer_id,
            course_id=order.course_id,
            split_agreement_id=order.agreement_id,
            amount_minor=order.price.amount,
            currency=order.price.currency,
            status="pending",
            description=order.description,
            request_key=order.request_key,
            saves_method=order.saves_method,
            created_at=now,
            changed_at=now,
            next_ask_at=now + ask_after,
            ask_count=0,
            refunded_minor=0,
        )
    )
    note(session, payment_id, from_status=None, to_status="pending", reason=None, cause=cause)
    return payment_id


def ask_soon(session: Session, payment_id: PaymentId, *, after: timedelta) -> None:
    """Somebody goes on with an open payment: news of it is to be expected as if it were new."""
    session.execute(
        update(Payment)
        .where(Payment.id == payment_id, Payment.next_ask_at.is_not(None))
        .values(next_ask_at=clock.now() + after, ask_count=0)
    )


def record_customer(session: Session, *, person_id: PersonId, stripe_customer_id: str) -> None:
    """Keep who the person is at Stripe; the first word stays."""
    session.execute(
        upsert(Customer)
        .values(person_id=person_id, stripe_customer_id=stripe_customer_id, created_at=clock.now())
        .on_conflict_do_nothing()
    )


def record_intent(session: Session, payment_id: PaymentId, *, intent_id: str) -> None:
    """Keep which PaymentIntent carries the payment."""
    session.execute(
        update(Payment)
        .where(Payment.id == payment_id, Payment.stripe_payment_intent_id.is_(None))
        .values(stripe_payment_intent_id=intent_id)
    )


def find_for_settling(session: Session, intent: Intent) -> Settling | None:
    """Lock the payment that ``intent`` belongs to. None when it is not one of ours.

    Looked up by the intent's id and, should the answer to its creation have been lost, by our id in its
    metadata.
    """
    columns = (
        Payment.id,
        Payment.payer_id,
        Payment.course_id,
        Payment.split_agreement_id,
        Payment.amount_minor,
        Payment.currency,
        Payment.status,
        Payment.fee_minor,
        Payment.saves_method,
    )
    statement = select(*columns).with_for_update(of=Payment)
    row = session.execute(statement.where(Payment.stripe_payment_intent_id == intent.id)).one_or_none()
    if row is None and intent.payment_id:
        row = session.execute(
            statement.where(Payment.id == intent.payment_id, Payment.stripe_payment_intent_id.is_(None))
        ).one_or_none()
        if row is not None:
            record_intent(session, row.id, intent_id=intent.id)
    if row is None:
        return None
    return Settling(
        row.id,
        row.payer_id,
        row.course_id,
        row.split_agreement_id,
        Money(row.amount_minor, row.currency),
        row.status,
        row.fee_minor is not None,
        row.saves_method,
    )


def follow(session: Session, payment: Settling, intent: Intent, *, cause: str) -> Transition | None:
    """Take the step that Stripe's word asks for and note it. Raises Mismatch; None when nothing changed."""
    customer_id = session.scalar(
        select(Customer.stripe_customer_id).where(Customer.person_id == payment.payer_id)
    )
    step = decide(Order(payment.status, payment.amount, customer_id), intent)
    if step is None or _is_same_refusal(session, payment, step):
        return None
    now = clock.now()
    session.execute(
        update(Payment)
        .where(Payment.id == payment.id)
        .values(status=step.to_status, changed_at=now, **_consequences(payment, step, intent, now))
    )
    reason = step.refusal.message if step.refusal else None
    note(
        session, payment.id, from_status=payment.status, to_status=step.to_status, reason=reason, cause=cause
    )
    return step


def record_fee(session: Session, payment: Settling, fee: Fee) -> None:
    """Keep what Stripe took. With it the payment is finished, and nobody has to ask any more."""
    session.execute(
        update(Payment)
        .where(Payment.id == payment.id)
        .values(fee_minor=fee.fee.amount, fee_currency=fee.fee.currency, next_ask_at=None)
    )


def take_due(session: Session, *, first_pause: timedelta, limit: int) -> Sequence[Due]:
    """The payments that nothing was heard of for long enough; each gets the time of its next ask."""
    now = clock.now()
    rows = session.execute(
        select(Payment.id, Payment.stripe_payment_intent_id, Payment.ask_count, Payment.created_at)
        .where(Payment.next_ask_at <= now, Payment.parked_at.is_(None))
        .order_by(Payment.next_ask_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        next_at = next_ask(row.created_at, now=now, count=row.ask_count + 1, first=first_pause)
        session.execute(
            update(Payment)
            .where(Payment.id == row.id)
            .values(next_ask_at=next_at, ask_count=row.ask_count + 1)
        )
    return [Due(row.id, row.stripe_payment_intent_id) for row in rows]


def mark_unknown(session: Session, payment_id: PaymentId, *, cause: str) -> None:
    """Stripe did not answer whether it has the payment: it is asked until that is known."""
    waiting = select(Payment.id).where(
        Payment.id == payment_id, Payment.status == "pending", Payment.stripe_payment_intent_id.is_(None)
    )
    if session.scalar(waiting.with_for_update()) is None:
        return  # an event or another call was faster, and knows better
    session.execute(
        update(Payment).where(Payment.id == payment_id).values(status=UNKNOWN, changed_at=clock.now())
    )
    note(session, payment_id, from_status="pending", to_status=UNKNOWN, reason=_SILENT, cause=cause)


def mark_charge_unknown(session: Session, payment_id: PaymentId, *, cause: str) -> None:
    """Stripe did not answer whether it charged: it is asked until that is known. Under the intent's lock."""
    status = session.scalar(select(Payment.status).where(Payment.id == payment_id).with_for_update())
    if status not in OPEN or status == UNKNOWN:
        return  # settled, or asked about already
    session.execute(
        update(Payment).where(Payment.id == payment_id).values(status=UNKNOWN, changed_at=clock.now())
    )
    note(session, payment_id, from_status=status, to_status=UNKNOWN, reason=_SILENT, cause=cause)


def give_up(session: Session, payment_id: PaymentId, *, cause: str, reason: str = "Abandoned") -> None:
    """Cancel a payment that is not at Stripe: its payer never got a secret to pay it with."""
    status = session.scalar(
        select(Payment.status)
        .where(Payment.id == payment_id, Payment.stripe_payment_intent_id.is_(None))
        .with_for_update()
    )
    if status not in OPEN:
        return  # finished, or a purchase call took it to Stripe meanwhile
    session.execute(
        update(Payment)
        .where(Payment.id == payment_id)
        .values(status="cancelled", changed_at=clock.now(), next_ask_at=None)
    )
    note(session, payment_id, from_status=status, to_status="cancelled", reason=reason, cause=cause)


def _consequences(payment: Settling, step: Transition, intent: Intent, now: datetime) -> dict[str, Any]:
    if step.to_status == "cancelled":
        # Why the last attempt failed stays: it is the reason why the payment was given up.
        return {"next_ask_at": None}
    refusal = {
        "failure_code": step.refusal.code if step.refusal else None,
        "failure_message": step.refusal.message if step.refusal else None,
    }
    if step.to_status != "completed":
        return refusal
    settled = {**refusal, "settled_at": now, **_method(intent.charge)}
    # Given up and paid all the same: nobody asks for it any more, and its fee is still to come.
    return {**settled, "next_ask_at": now} if payment.status == "cancelled" else settled


def _method(charge: Charge | None) -> dict[str, str | None]:
    if charge is None:
        return {}
    return {"stripe_charge_id": charge.id, "method_brand": charge.brand, "method_last4": charge.last4}


def _is_same_refusal(session: Session, payment: Settling, step: Transition) -> bool:
    if not (step.refusal and payment.status == step.to_status):
        return False
    known = session.execute(
        select(Payment.failure_code, Payment.failure_message).where(Payment.id == payment.id)
    ).one()
    return (known.failure_code, known.failure_message) == (step.refusal.code, step.refusal.message)


def note(
    session: Session,
    payment_id: PaymentId,
    *,
    from_status: str | None,
    to_status: str,
    reason: str | None,
    cause: str,
) -> None:
    """Add a step to the payment's history."""
    number = select(func.coalesce(func.max(PaymentChange.number), 0) + 1).where(
        PaymentChange.payment_id == payment_id
    )
    session.execute(
        insert(PaymentChange).values(
            payment_id=payment_id,
            number=number.scalar_subquery(),
            at=clock.now(),
            from_status=from_status,
            to_status=to_status,
            reason=reason,
            cause=cause,
        )
    )
