"""Staff refund a payment: reserve it, send it to Stripe, record what Stripe made of it.

reserve   the refund's row, its entry in the book and the time of the first ask, in one commit; above a limit it waits
          for a second person first and takes nothing until then
send      flows.refund_sending, keyed by our id
record    flows.refund.settle, the step that events and asks take, too

A crash after any line leaves a refund that the ask takes further. The preview is made by the very code that reserves.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict, FieldError, Invalid
from azora_admin.core.ids import PaymentId, PersonId, RefundId
from azora_admin.core.money import Money, money_text
from azora_admin.flows import refund as settling
from azora_admin.flows import refund_letters
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.flows.refund_sending import send
from azora_admin.gateways.stripe.client import NoAnswer, StripeConnection
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Action, Actor, SignedIn, Subject
from azora_admin.ledger.rules import Leg
from azora_admin.messaging import outbox
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import refund_requests as requests
from azora_admin.payments.actions import refunds
from azora_admin.payments.actions.refunds import RefundedPayment
from azora_admin.payments.queries import RefundView
from azora_admin.payments.rules.refunds import (
    NOTE_LONGEST,
    REASONS,
    Approver,
    Limits,
    amount_to_refund,
    approver_needed,
    check_why,
    refuse_others_withdrawal,
    refuse_own_approval,
)

WITHDRAWN: Final = "Withdrawn by whoever asked for it."


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for: ``amount`` in minor units, None for all that is left."""

    payment_id: PaymentId
    amount: int | None
    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a refund will do. ``legs`` are the ones that are posted, ``left`` is what can be refunded after it.

    ``approver``: who has to approve it first; None: nobody.
    """

    amount: Money
    left: Money
    legs: Sequence[Leg]
    approver: Approver | None
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
    approved_by: PersonId | None = None,
    finish: Finish[Requested] = unanswered,
) -> Requested:
    """Refund a payment, or have the refund wait for a second person, unless one has approved it already.

    ``finish`` is called with the transaction that writes it down, and again with the one that records Stripe's answer.
    Silence of Stripe's is no error: the refund is ``unknown`` then, and asked about until it is known.
    Raises NotFound, Invalid, Forbidden, Conflict (payments.rules.refunds).
    """
    check(wanted)
    with db.transaction() as session:
        payment = lock(session, wanted.payment_id)
        plan = _plan(session, asker, payment, wanted.amount, limits)
        if approved_by is not None:
            plan = replace(plan, approver=None)
        asked = refunds.RefundRequest(
            payment.id, plan.amount, wanted.reason, wanted.note, asker.person_id, approved_by
        )
        requested = write_down(session, actor, asked, plan, ask_after=ask_after)
        finish(session, requested)
    return requested if plan.approver else sent(stripe, actor, requested, finish)


def write_down(
    session: Session, actor: Actor, asked: refunds.RefundRequest, plan: Plan, *, ask_after: timedelta
) -> Requested:
    """Reserve the refund that is planned, under the lock of its payment; one that needs an approver only waits."""
    refund_id = refunds.request(session, asked, is_waiting=plan.approver is not None, ask_after=ask_after)
    if plan.approver is None:
        _reserve(session, actor, refund_id, plan.legs)
    _note(session, actor, "requested" if plan.approver else "made", refund_id, asked)
    return Requested(payments.get_refund(session, refund_id), plan.legs)


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
        refuse_own_approval(is_own=approver.person_id in (refund.requested_by, payment.payer_id))
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
    return sent(stripe, actor, requested, finish)


def turn_down(session: Session, actor: Actor, *, refund_id: RefundId, why: str) -> None:
    """A waiting refund is not to be made; ``why`` is told to whoever asked.

    Raises Invalid (field ``why``), NotFound, Conflict ``refund_not_waiting``.
    """
    _call_off(session, actor, "turned_down", refund_id=refund_id, why=check_why(why))


def withdraw(session: Session, asker: SignedIn, actor: Actor, *, refund_id: RefundId) -> None:
    """Whoever asked for a refund that waits takes that back. Raises NotFound, Conflict (``not_your_refund``, …)."""
    is_own = payments.get_refund(session, refund_id).requested_by == asker.person_id
    refuse_others_withdrawal(is_own=is_own)
    _call_off(session, actor, "withdrawn", refund_id=refund_id, why=WITHDRAWN)


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
    approver = approver_needed(
        payment.refundable,
        amount,
        limits,
        may_refund_more=asker.may(Action.REFUND_MORE),
        is_own=payment.payer_id == asker.person_id,
    )
    return plan_of(session, payment, amount, approver=approver)


def plan_of(session: Session, payment: RefundedPayment, amount: Money, *, approver: Approver | None) -> Plan:
    """What refunding ``amount`` of the payment as it stands now will do."""
    left = payment.refundable.left - amount
    return Plan(
        amount=amount,
        left=left,
        legs=settling.reserved_legs(session, payment, amount),
        approver=approver,
        ends_access=left.is_zero and payment.is_of_course,
    )


def lock(session: Session, payment_id: PaymentId) -> RefundedPayment:
    """The payment, under the lock that events take: first the intent's, then the row's."""
    intent_id = refunds.find_intent_id(session, payment_id)
    if intent_id is not None:
        db.lock(session, outbox.stripe_lock(intent_id))
    return refunds.lock_payment(session, payment_id)


def _lock_waiting(session: Session, refund_id: RefundId) -> tuple[RefundView, RefundedPayment]:
    payment = lock(session, payments.get_refund(session, refund_id).payment_id)
    refund = payments.get_refund(session, refund_id)
    if refund.state != "waiting":
        raise Conflict("refund_not_waiting", "This refund waits for nobody any more.")
    return refund, payment


def _call_off(session: Session, actor: Actor, what: str, *, refund_id: RefundId, why: str) -> None:
    refund, _ = _lock_waiting(session, refund_id)
    refunds.end(session, refund_id, to_state="cancelled", reason=why)
    _answer_request(session, actor, what, refund_id, why=why)
    audit.record(
        session,
        actor,
        act=f"refund.{what}",
        subject=_subject(refund_id, refund.amount),
        before={"state": "waiting"},
        after={"state": "cancelled"},
        why=why,
    )


def _answer_request(session: Session, actor: Actor, what: str, refund_id: RefundId, *, why: str) -> None:
    """A payer's request that led to the refund is declined with it; one that was only withdrawn is open again."""
    request = payments.find_request_of_refund(session, refund_id)
    if request is None:
        return
    if what == "withdrawn" or actor.person_id is None:
        requests.reopen_request(session, request.id)
        return
    requests.decline_request(session, request.id, why=why, by=actor.person_id)
    refund_letters.tell_declined(session, request.payment_id, request.id, request.amount, why=why)


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


def sent(
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
