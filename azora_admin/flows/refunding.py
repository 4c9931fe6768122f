"""Staff refund a payment: reserve it, send it to Stripe, record what Stripe made of it.

reserve   the refund's row, its entry in the book and the time of the first ask, in one commit; above a limit it waits
          for a second person first and takes nothing until then
send      keyed by our id: a second try gets the first one's answer, and never sends another refund
record    flows.refund.settle, the step that events and asks take, too

A crash after any line leaves a refund that the ask takes further. The preview is made by the very code that reserves.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict, FieldError, Invalid
from azora_admin.core.ids import PaymentId, RefundId
from azora_admin.core.money import Money, money_text
from azora_admin.flows import refund as settling
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.gateways.stripe import refunds as gateway
from azora_admin.gateways.stripe import shapes
from azora_admin.gateways.stripe.client import NoAnswer, Refused, StripeConnection
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Action, Actor, SignedIn, Subject
from azora_admin.ledger.rules import Leg
from azora_admin.messaging import outbox
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import refunds
from azora_admin.payments.actions.refunds import RefundedPayment
from azora_admin.payments.queries import RefundView
from azora_admin.payments.rules.refunds import (
    NOTE_LONGEST,
    REASONS,
    STRIPE_REASONS,
    UNSENT,
    Limits,
    amount_to_refund,
    may_be_sent,
    needs_second_person,
    refuse_own_approval,
)

_BATCH: Final = 200
NEVER_SENT: Final = "It never reached Stripe: nothing was refunded."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for: ``amount`` in minor units, None for all that is left."""

    payment_id: PaymentId
    amount: int | None
    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a refund will do. ``legs`` are the ones that are posted, ``left`` is what can be refunded after it."""

    amount: Money
    left: Money
    legs: Sequence[Leg]
    needs_second_person: bool
    ends_access: bool


@dataclass(frozen=True, slots=True)
class Requested:
    """A refund that was written down, and what it moves (or will, once it is approved)."""

    refund: RefundView
    legs: Sequence[Leg]


def preview(
    session: Session, asker: SignedIn, *, payment_id: PaymentId, amount: int | None, limits: Limits
) -> Plan:
    """What ``request`` would do now. Raises what it would raise."""
    return _plan(session, asker, refunds.read_payment(session, payment_id), amount, limits)


def request(
    stripe: StripeConnection,
    asker: SignedIn,
    actor: Actor,
    wanted: Wanted,
    *,
    limits: Limits,
    ask_after: timedelta,
    finish: Finish[Requested] = unanswered,
) -> Requested:
    """Refund a payment, or have the refund wait for a second person.

    ``finish`` is called with the transaction that writes it down, and again with the one that records Stripe's answer.
    Silence of Stripe's is no error: the refund is ``unknown`` then, and asked about until it is known.
    Raises NotFound, Invalid, Forbidden, Conflict (payments.rules.refunds).
    """
    check(wanted)
    with db.transaction() as session:
        payment = _lock(session, wanted.payment_id)
        plan = _plan(session, asker, payment, wanted.amount, limits)
        asked = refunds.RefundRequest(payment.id, plan.amount, wanted.reason, wanted.note, asker.person_id)
        refund_id = refunds.request(session, asked, is_waiting=plan.needs_second_person, ask_after=ask_after)
        if not plan.needs_second_person:
            _reserve(session, actor, refund_id, plan.legs)
        _note(session, actor, "requested" if plan.needs_second_person else "made", refund_id, asked)
        requested = Requested(payments.get_refund(session, refund_id), plan.legs)
        finish(session, requested)
    if plan.needs_second_person:
        return requested
    return _sent(stripe, actor, requested, finish)


def approve(
    stripe: StripeConnection,
    approver: SignedIn,
    actor: Actor,
    *,
    refund_id: RefundId,
    ask_after: timedelta,
    finish: Finish[Requested] = unanswered,
) -> Requested:
    """A second person sends a waiting refund on its way.

    Raises NotFound, Conflict ``refund_not_waiting`` or ``needs_second_approval``, and what ``request`` raises when
    less is left by now.
    """
    with db.transaction() as session:
        refund, payment = _lock_waiting(session, refund_id)
        refuse_own_approval(is_own=refund.requested_by == approver.person_id)
        amount_to_refund(payment.refundable, refund.amount.amount)
        legs = settling.reserved_legs(session, payment, refund.amount)
        refunds.approve(session, refund_id, approved_by=approver.person_id, ask_after=ask_after)
        _reserve(session, actor, refund_id, legs)
        audit.record(
            session,
            actor,
            act="refund.approved",
            subject=_subject(refund_id, refund.amount),
            before={"state": "waiting"},
            after={"state": "reserved"},
        )
        requested = Requested(payments.get_refund(session, refund_id), legs)
        finish(session, requested)
    return _sent(stripe, actor, requested, finish)


def turn_down(session: Session, actor: Actor, *, refund_id: RefundId, why: str) -> None:
    """A waiting refund is not to be made. Raises NotFound, Conflict ``refund_not_waiting``."""
    refund, _ = _lock_waiting(session, refund_id)
    refunds.end(session, refund_id, to_state="cancelled", reason=why or "Turned down")
    audit.record(
        session,
        actor,
        act="refund.turned_down",
        subject=_subject(refund_id, refund.amount),
        before={"state": "waiting"},
        after={"state": "cancelled"},
        why=why,
    )


def enqueue_due(*, first_pause: timedelta) -> int:
    """Enqueue an ask for every refund that is due, with its next time. Returns how many."""
    with db.transaction() as session:
        due = refunds.take_due(session, first_pause=first_pause, limit=_BATCH)
        for one in due:
            outbox.enqueue(
                session,
                outbox.ASK_FOR_REFUND,
                {"refund_id": str(one.id)},
                lock=outbox.stripe_lock(one.intent_id or str(one.payment_id)),
            )
    return len(due)


def ask(stripe: StripeConnection, refund_id: RefundId) -> None:
    """Bring the refund to what Stripe says of it now, sending it if need be. Raises NoAnswer; the next ask is set."""
    send(stripe, refund_id, cause="ask")


def send(
    stripe: StripeConnection,
    refund_id: RefundId,
    *,
    cause: str,
    finish: Finish[RefundView] = unanswered,
) -> None:
    """Take a reserved refund to Stripe, or fetch it when it is there, and settle what Stripe says. Raises NoAnswer."""
    with db.reading() as session:
        refund = payments.get_refund(session, refund_id)
        intent_id = refunds.find_intent_id(session, refund.payment_id)
    if intent_id is None or (refund.stripe_refund_id is None and refund.state not in UNSENT):
        return  # it waits, or ended here
    told, refusal = None, NEVER_SENT
    try:
        told = _tell(stripe, refund, intent_id)
    except NoAnswer:
        with db.transaction() as session:
            refunds.mark_unknown(session, refund_id)
            finish(session, payments.get_refund(session, refund_id))
        raise
    except Refused as refused:
        refusal = f"{refused.stripe_code}: {refused.told}"
    with db.transaction() as session:
        if told is not None:
            settling.settle(session, told, cause=cause)
        else:
            settling.refuse(session, refund, intent_id=intent_id, reason=refusal, cause=cause)
        finish(session, payments.get_refund(session, refund_id))


def check(wanted: Wanted) -> None:
    """Raises Invalid naming each field that can't be accepted."""
    errors = []
    if wanted.reason not in REASONS:
        errors.append(FieldError("reason", "unknown_reason", "Choose a reason from the list."))
    if len(wanted.note) > NOTE_LONGEST:
        text = f"Enter a note of up to {NOTE_LONGEST} characters."
        errors.append(FieldError("note", "too_long", text))
    if "\0" in wanted.note:
        errors.append(FieldError("note", "control_character", "Leave out control characters."))
    if errors:
        raise Invalid(errors)


def _plan(
    session: Session, asker: SignedIn, payment: RefundedPayment, asked: int | None, limits: Limits
) -> Plan:
    amount = amount_to_refund(payment.refundable, asked)
    waits = needs_second_person(
        payment.refundable, amount, limits, may_refund_more=asker.may(Action.REFUND_MORE)
    )
    left = payment.refundable.left - amount
    return Plan(
        amount=amount,
        left=left,
        legs=settling.reserved_legs(session, payment, amount),
        needs_second_person=waits,
        ends_access=left.is_zero and payment.is_of_course,
    )


def _lock(session: Session, payment_id: PaymentId) -> RefundedPayment:
    """The payment, under the lock that events take: first the intent's, then the row's."""
    intent_id = refunds.find_intent_id(session, payment_id)
    if intent_id is not None:
        db.lock(session, outbox.stripe_lock(intent_id))
    return refunds.lock_payment(session, payment_id)


def _lock_waiting(session: Session, refund_id: RefundId) -> tuple[RefundView, RefundedPayment]:
    payment = _lock(session, payments.get_refund(session, refund_id).payment_id)
    refund = payments.get_refund(session, refund_id)
    if refund.state != "waiting":
        raise Conflict("refund_not_waiting", "This refund waits for nobody any more.")
    return refund, payment


def _reserve(session: Session, actor: Actor, refund_id: RefundId, legs: Sequence[Leg]) -> None:
    cause = settling.Cause(actor.cause, actor)
    settling.book_reserved(session, refund_id, legs, cause=cause, at=clock.now())


def _note(
    session: Session, actor: Actor, what: str, refund_id: RefundId, asked: refunds.RefundRequest
) -> None:
    audit.record(
        session,
        actor,
        act=f"refund.{what}",
        subject=_subject(refund_id, asked.amount),
        after={"payment_id": asked.payment_id, "amount": asked.amount, "reason": asked.reason},
        why=asked.note,
    )


def _subject(refund_id: RefundId, amount: Money) -> Subject:
    return Subject("refund", str(refund_id), f"Refund of {money_text(amount)}")


def _sent(
    stripe: StripeConnection, actor: Actor, requested: Requested, finish: Finish[Requested]
) -> Requested:
    """``requested`` after it was sent, or as ``unknown`` when Stripe is silent."""
    refund_id, legs = requested.refund.id, requested.legs
    with suppress(NoAnswer):  # it is written down, and asked about by the clock
        send(
            stripe,
            refund_id,
            cause=actor.cause,
            finish=lambda session, refund: finish(session, Requested(refund, legs)),
        )
    with db.reading() as session:
        return Requested(payments.get_refund(session, refund_id), legs)


def _tell(stripe: StripeConnection, refund: RefundView, intent_id: str) -> shapes.Refund | None:
    """What Stripe says of the refund; None when it has none, and the time to send it is over."""
    if refund.stripe_refund_id is not None:
        return gateway.fetch_refund(stripe, refund.stripe_refund_id)
    if refund.reserved_at is None or not may_be_sent(refund.reserved_at, now=clock.now()):
        return gateway.find_refund(stripe, refund.id, intent_id=intent_id)
    reason = refund.reason if refund.reason in STRIPE_REASONS else None
    sending = gateway.RefundRequest(refund.id, refund.attempt, intent_id, refund.amount, reason)
    try:
        return gateway.create_refund(stripe, sending)
    except NoAnswer as lost:
        # Stripe keeps a failure under the key: whether it acted is told by a look, never by another key.
        found = gateway.find_refund(stripe, refund.id, intent_id=intent_id) if lost.is_final else None
        if found is None:
            raise
        return found
