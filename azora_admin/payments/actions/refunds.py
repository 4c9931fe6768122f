"""Refunds from request to end, under the lock of their payment: written here, sent and booked by flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import NotFound
from azora_admin.core.ids import PaymentId, PersonId, RefundId, new_id
from azora_admin.core.money import Money
from azora_admin.gateways.stripe import shapes
from azora_admin.payments.rules.refunds import (
    REASONS,
    UNSENT,
    Refundable,
    next_ask,
)
from azora_admin.payments.tables import Payment, Refund

_COLUMNS: Final = (
    Payment.id,
    Payment.payer_id,
    Payment.stripe_payment_intent_id,
    Payment.status,
    Payment.amount_minor,
    Payment.currency,
    Payment.refunded_minor,
    Payment.course_id,
    Payment.withdrawn_minor,
)


@dataclass(frozen=True, slots=True)
class RefundedPayment:
    """A payment under lock whose refunds are about to change."""

    id: PaymentId
    payer_id: PersonId
    intent_id: str | None
    status: str
    paid: Money
    refunded: Money
    is_of_course: bool
    withdrawn: Money

    @property
    def refundable(self) -> Refundable:
        return Refundable(self.status, self.paid, self.refunded, self.withdrawn)


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What somebody wants refunded, checked."""

    payment_id: PaymentId
    amount: Money
    reason: str
    note: str
    requested_by: PersonId
    approved_by: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """A refund that Stripe is to be asked about."""

    id: RefundId
    payment_id: PaymentId
    intent_id: str | None


def find_intent_id(session: Session, payment_id: PaymentId) -> str | None:
    """The intent under whose lock the payment's refunds are changed. Raises NotFound."""
    row = session.execute(
        select(Payment.stripe_payment_intent_id).where(Payment.id == payment_id)
    ).one_or_none()
    if row is None:
        raise NotFound("payment_not_found", "There is no such payment.")
    intent_id: str | None = row.stripe_payment_intent_id
    return intent_id


def lock_payment(session: Session, payment_id: PaymentId) -> RefundedPayment:
    """The payment, its row locked. Raises NotFound."""
    found = _payment(session, Payment.id == payment_id, is_locked=True)
    if found is None:
        raise NotFound("payment_not_found", "There is no such payment.")
    return found


def lock_payment_of_intent(session: Session, intent_id: str) -> RefundedPayment | None:
    """The payment that the intent carries, its row locked; None when it is not one of ours."""
    return _payment(session, Payment.stripe_payment_intent_id == intent_id, is_locked=True)


def read_payment(session: Session, payment_id: PaymentId) -> RefundedPayment:
    """The payment as it stands, for a preview: nothing is locked. Raises NotFound."""
    found = _payment(session, Payment.id == payment_id, is_locked=False)
    if found is None:
        raise NotFound("payment_not_found", "There is no such payment.")
    return found


def read_payments(session: Session, payment_ids: Sequence[PaymentId]) -> Mapping[PaymentId, RefundedPayment]:
    """Those of the payments that there are, as they stand, for a preview: nothing is locked. One statement."""
    rows = session.execute(select(*_COLUMNS).where(Payment.id.in_(payment_ids)))
    return {PaymentId(row.id): _view(row) for row in rows}


def request(session: Session, wanted: RefundRequest, *, is_waiting: bool, ask_after: timedelta) -> RefundId:
    """Write the refund down before Stripe hears of it; a live one counts from now on."""
    now = clock.now()
    refund_id = RefundId(new_id())
    reserved = {"reserved_at": now, "next_ask_at": now + ask_after}
    session.execute(
        insert(Refund).values(
            id=refund_id,
            payment_id=wanted.payment_id,
            amount_minor=wanted.amount.amount,
            currency=wanted.amount.currency,
            reason=wanted.reason,
            note=wanted.note,
            source="ours",
            state="waiting" if is_waiting else "reserved",
            requested_by=wanted.requested_by,
            approved_by=wanted.approved_by,
            requested_at=now,
            ask_count=0,
            **({} if is_waiting else reserved),
        )
    )
    return refund_id


def mirror(session: Session, payment: RefundedPayment, told: shapes.Refund) -> RefundId:
    """Write down a refund that was made at Stripe itself, as far as ``reserved``."""
    refund_id = RefundId(new_id())
    session.execute(
        insert(Refund).values(
            id=refund_id,
            payment_id=payment.id,
            amount_minor=told.amount.amount,
            currency=told.amount.currency,
            reason=told.reason if told.reason in REASONS else "other",
            note="",
            source="dashboard",
            state="reserved",
            stripe_refund_id=told.id,
            requested_at=told.created_at,
            reserved_at=told.created_at,
            sent_at=told.created_at,
            ask_count=0,
        )
    )
    return refund_id


def approve(session: Session, refund_id: RefundId, *, approved_by: PersonId, ask_after: timedelta) -> None:
    """A waiting refund is live from now on."""
    now = clock.now()
    session.execute(
        update(Refund)
        .where(Refund.id == refund_id, Refund.state == "waiting")
        .values(state="reserved", approved_by=approved_by, reserved_at=now, next_ask_at=now + ask_after)
    )


def find_for(session: Session, payment: RefundedPayment, told: shapes.Refund) -> RefundId | None:
    """Our row for what Stripe tells of: by Stripe's id or, where its answer was lost, by ours in the metadata."""
    known = session.scalar(select(Refund.id).where(Refund.stripe_refund_id == told.id))
    if known is None and told.refund_id:
        known = session.scalar(
            select(Refund.id).where(
                Refund.id == told.refund_id,
                Refund.payment_id == payment.id,
                Refund.stripe_refund_id.is_(None),
                Refund.state.in_(UNSENT),
            )
        )
    return RefundId(known) if known else None


def move(
    session: Session, refund_id: RefundId, told: shapes.Refund, *, to_state: str, first_pause: timedelta
) -> None:
    """Take the step that Stripe's word asks for."""
    now = clock.now()
    values: dict[str, Any] = {
        "state": to_state,
        "stripe_refund_id": told.id,
        "sent_at": func.coalesce(Refund.sent_at, now),
        "next_ask_at": next_ask(to_state, since=now, now=now, count=0, first=first_pause),
        "ask_count": 0,
    }
    if to_state == "succeeded":
        values["settled_at"] = now
    if to_state in ("failed", "cancelled"):
        values |= {"ended_at": now, "failure_reason": told.failure_reason or to_state}
    session.execute(update(Refund).where(Refund.id == refund_id).values(**values))


def end(session: Session, refund_id: RefundId, *, to_state: str, reason: str) -> None:
    """A refund that never reached Stripe is over: ``failed``, or ``cancelled`` by whoever should have approved it."""
    session.execute(
        update(Refund)
        .where(Refund.id == refund_id)
        .values(state=to_state, ended_at=clock.now(), failure_reason=reason, next_ask_at=None)
    )


def mark_unknown(session: Session, refund_id: RefundId) -> None:
    """Stripe did not answer: the refund is asked about until it does."""
    session.execute(
        update(Refund).where(Refund.id == refund_id, Refund.state == "reserved").values(state="unknown")
    )


def take_due(session: Session, *, first_pause: timedelta, limit: int) -> Sequence[Due]:
    """The refunds that nothing was heard of for long enough; each gets the time of its next ask."""
    now = clock.now()
    rows = session.execute(
        select(
            Refund.id,
            Refund.payment_id,
            Refund.state,
            Refund.ask_count,
            Refund.settled_at,
            Payment.stripe_payment_intent_id,
        )
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.next_ask_at <= now, Refund.parked_at.is_(None))
        .order_by(Refund.next_ask_at)
        .limit(limit)
        .with_for_update(of=Refund, skip_locked=True)
    ).all()
    for row in rows:
        count = row.ask_count + 1
        next_at = _next_ask(row.state, row.settled_at, now=now, count=count, first=first_pause)
        session.execute(
            update(Refund).where(Refund.id == row.id).values(next_ask_at=next_at, ask_count=count)
        )
    return [Due(RefundId(row.id), PaymentId(row.payment_id), row.stripe_payment_intent_id) for row in rows]


def _next_ask(
    state: str, settled_at: datetime | None, *, now: datetime, count: int, first: timedelta
) -> datetime | None:
    return next_ask(state, since=settled_at or now, now=now, count=count, first=first)


def _payment(session: Session, condition: Any, *, is_locked: bool) -> RefundedPayment | None:
    statement = select(*_COLUMNS).where(condition)
    row = session.execute(statement.with_for_update(of=Payment) if is_locked else statement).one_or_none()
    return _view(row) if row else None


def _view(row: Row[*tuple[Any, ...]]) -> RefundedPayment:
    return RefundedPayment(
        id=PaymentId(row.id),
        payer_id=PersonId(row.payer_id),
        intent_id=row.stripe_payment_intent_id,
        status=row.status,
        paid=Money(row.amount_minor, row.currency),
        refunded=Money(row.refunded_minor, row.currency),
        is_of_course=row.course_id is not None,
        withdrawn=Money(row.withdrawn_minor, row.currency),
    )
