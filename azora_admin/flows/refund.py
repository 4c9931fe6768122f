"""A refund settles by Stripe's word: booked, the payment's status, and the access that rests on it. One commit.

The same step whoever brings the news (event, ask, or the sending itself), under the lock of the payment's intent. What
was refunded in Stripe's dashboard has no row of ours yet: it gets one here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import DomainError
from azora_admin.core.ids import PaymentId, RefundId
from azora_admin.core.money import Money, money_text
from azora_admin.flows import paperwork, refund_letters, standing
from azora_admin.gateways.stripe import shapes
from azora_admin.identity.rules import Actor
from azora_admin.ledger import actions as ledger
from azora_admin.ledger import queries as books
from azora_admin.ledger.rules import Entry, Leg
from azora_admin.messaging.outbox import stripe_lock
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import refunds
from azora_admin.payments.actions.refunds import RefundedPayment
from azora_admin.payments.queries import RefundView
from azora_admin.payments.rules import returns
from azora_admin.payments.rules.refunds import LIVE, UNSENT, next_state
from azora_admin.payments.rules.returns import Share

FIRST_PAUSE = timedelta(seconds=20)


class NotYetRoom(DomainError):
    """Stripe tells of a refund for which our live ones leave no room: one of them is about to be refused there."""

    def __init__(self, stripe_refund_id: str) -> None:
        super().__init__(409, "not_yet_room", f"{stripe_refund_id} is more than our refunds have left.")


@dataclass(frozen=True, slots=True)
class Cause:
    """What brought a booking about; ``actor`` where somebody asked for it."""

    text: str
    actor: Actor | None = None


def settle(
    session: Session, told: shapes.Refund, *, cause: str, first_pause: timedelta = FIRST_PAUSE
) -> bool:
    """Bring the refund to what Stripe says. False when its payment is not one of ours, or not settled yet.

    Raises NotYetRoom.
    """
    if told.intent_id is None:
        return False
    db.lock(session, stripe_lock(told.intent_id))
    payment = refunds.lock_payment_of_intent(session, told.intent_id)
    if payment is None or find_shares(session, payment.id) == ():
        return False
    refund_id = refunds.find_for(session, payment, told)
    if refund_id is None:
        refund_id = _mirror(session, payment, told, cause=cause)
        payment = refunds.lock_payment(session, payment.id)
    refund = payments.get_refund(session, refund_id)
    to_state = next_state(refund.state, told.status)
    if to_state is None:
        return True
    refunds.move(session, refund_id, told, to_state=to_state, first_pause=first_pause)
    _book(session, payment, refund, to_state=to_state, cause=Cause(cause))
    _follow(session, payment, refund, to_state=to_state, cause=cause)
    return True


def refuse(session: Session, refund: RefundView, *, intent_id: str, reason: str, cause: str) -> None:
    """Stripe declined the refund, or never got it: its money is the parties' again."""
    db.lock(session, stripe_lock(intent_id))
    payment = refunds.lock_payment(session, refund.payment_id)
    refund = payments.get_refund(session, refund.id)
    if refund.state not in UNSENT:
        return  # an event was faster, and knows better
    refunds.end(session, refund.id, to_state="failed", reason=reason)
    _book(session, payment, refund, to_state="failed", cause=Cause(cause))
    _tell(session, payment, refund, to_state="failed")


def book_reserved(
    session: Session, refund_id: RefundId, legs: Sequence[Leg], *, cause: Cause, at: datetime
) -> None:
    """Post that the refund's money is on its way. ``legs`` are those of ``reserved_legs``."""
    _post(session, "refund_reserved", refund_id, tuple(legs), cause=cause, at=at)


def reserved_legs(session: Session, payment: RefundedPayment, amount: Money) -> tuple[Leg, ...]:
    """What the next refund of this payment moves: the preview's lines, and the very ones that are posted."""
    shares = find_shares(session, payment.id)
    return returns.next_legs(str(payment.id), shares, payment=payment.refundable, amount=amount)


def find_shares(session: Session, payment_id: PaymentId) -> tuple[Share, ...]:
    """What each party got of the sale, by the book; none as long as it is not booked."""
    return shares_of(session, [payment_id]).get(payment_id, ())


def shares_of(session: Session, payment_ids: Sequence[PaymentId]) -> Mapping[PaymentId, tuple[Share, ...]]:
    """``find_shares`` of many payments at once, in one statement; without those that are not booked."""
    sales = books.entries_of_kind(session, "sale", [str(one) for one in payment_ids])
    return {
        PaymentId(UUID(sale.reference)): tuple(
            Share(leg.key, leg.amount, leg.available_at) for leg in sale.legs if leg.amount > 0
        )
        for sale in sales
    }


def _mirror(session: Session, payment: RefundedPayment, told: shapes.Refund, *, cause: str) -> RefundId:
    # By refunds alone: Stripe made it, whatever a bank took besides.
    if payment.paid - payment.refunded < told.amount:
        raise NotYetRoom(told.id)
    legs = reserved_legs(session, payment, told.amount)
    refund_id = refunds.mirror(session, payment, told)
    book_reserved(session, refund_id, legs, cause=Cause(cause), at=told.created_at)
    return refund_id


def _book(
    session: Session, payment: RefundedPayment, refund: RefundView, *, to_state: str, cause: Cause
) -> None:
    """``payment`` as it was before the step: what it says was refunded includes this refund."""
    reference, amount = str(payment.id), refund.amount
    if to_state == "succeeded":
        _post(session, "refund_settled", refund.id, returns.settled_legs(reference, amount), cause=cause)
    elif to_state in ("failed", "cancelled") and refund.state in LIVE:
        legs = returns.returned_legs(
            reference,
            find_shares(session, payment.id),
            refunded_before=payment.refundable.gone.amount,
            amount=amount,
            was_settled=refund.state == "succeeded",
        )
        _post(session, "refund_failed", refund.id, legs, cause=cause)


def _follow(
    session: Session, payment: RefundedPayment, refund: RefundView, *, to_state: str, cause: str
) -> None:
    came = "came back" if to_state in ("failed", "cancelled") else "arrived"
    reason = f"A refund of {money_text(refund.amount)} {came}"
    standing.follow(session, payment, reason=reason, cause=cause)
    _tell(session, payment, refund, to_state=to_state)


def _tell(session: Session, payment: RefundedPayment, refund: RefundView, *, to_state: str) -> None:
    """The payer gets a document and hears of what went back; of a failure, if it had been announced."""
    document_id = paperwork.follow_refund(session, refund.id, to_state=to_state)
    if to_state == "succeeded" and document_id is not None:
        refund_letters.tell_refunded(session, payment.id, refund.id, refund.amount, document_id)
    elif to_state in ("failed", "cancelled") and _is_announced(session, refund):
        refund_letters.tell_failed(session, payment.id, refund.id, refund.amount, document_id)


def _is_announced(session: Session, refund: RefundView) -> bool:
    return refund.settled_at is not None or (payments.find_request_of_refund(session, refund.id) is not None)


def _post(
    session: Session,
    kind: str,
    refund_id: RefundId,
    legs: tuple[Leg, ...],
    *,
    cause: Cause,
    at: datetime | None = None,
) -> None:
    actor = cause.actor
    ledger.post(
        session,
        Entry(
            kind=kind,
            reference=str(refund_id),
            legs=legs,
            cause=cause.text,
            rule_version=returns.RULE_VERSION,
            occurred_at=at or clock.now(),
            request_id=(actor.request_id or None) if actor else None,
            actor=(actor.name or None) if actor else None,
        ),
    )
