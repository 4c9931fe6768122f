"""A learner buys a course: reserve the order, send it to Stripe, record what Stripe made of it.

reserve   the payment's row is committed before Stripe hears of it, with the time of the first ask
send      customer and PaymentIntent, keyed by our ids: a second try gets the first one's answer
record    the intent's id; from then on events and asks find the payment by it

A crash after any line leaves a payment that the next purchase call, or the ask, takes further.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict, FieldError, Invalid
from azora_admin.core.ids import CourseId, PaymentId, PersonId
from azora_admin.flows import charging, sale
from azora_admin.flows.charging import TYPED_IN, Means
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.flows.introducing import customer_of
from azora_admin.gateways.stripe import intents
from azora_admin.gateways.stripe.client import NoAnswer, Refused, StripeConnection
from azora_admin.gateways.stripe.shapes import Intent
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.marketplace import actions as shelf
from azora_admin.marketplace import queries as courses
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import charges
from azora_admin.payments.queries import PaymentView
from azora_admin.payments.queries import methods as saved
from azora_admin.payments.rules.settlement import DISPUTED, PAID

_PAID: Final = (*PAID, DISPUTED, "processing")
_OVER: Final = (*_PAID, "cancelled")
# In currencies that Stripe names no smallest amount for, it alone knows whether one is too small.
_AMOUNT_REFUSED: Final = ("amount_too_small", "amount_too_large", "invalid_charge_amount")


@dataclass(frozen=True, slots=True)
class Purchase:
    """A payment to be confirmed by the payer's app with ``client_secret``."""

    payment: PaymentView
    client_secret: str
    is_charged: bool = False  # a saved method was charged for it: there may be nothing to confirm

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to confirm: it is paid, or given up."""
        return self.payment.status in _OVER


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Access to a free course, at once."""

    course_id: CourseId
    enrolled_at: datetime


def buy_course(
    stripe: StripeConnection,
    learner: SignedIn,
    actor: Actor,
    *,
    course_id: CourseId,
    ask_after: timedelta,
    means: Means = TYPED_IN,
    finish: Finish[Purchase | Enrolment] = unanswered,
) -> Purchase | Enrolment:
    """Order the course for the learner; an order that is open already is continued.

    ``finish`` is called in the transaction after which the learner can pay (or is enrolled).

    Raises NotFound ``course_not_found``, Conflict ``already_purchased``, NoAnswer when Stripe is silent
    (the order stands: the same call later goes on with it), and what charging a saved method raises.
    """
    order = partial(
        _order, stripe, learner, actor, course_id=course_id, ask_after=ask_after, means=means, finish=finish
    )
    bought = order()
    if isinstance(bought, Purchase) and bought.payment.status == "cancelled":
        # The open order was given up at Stripe (by hand, say), and we hear of it only now: it makes room for a new one.
        bought = order()
    if isinstance(bought, Purchase) and bought.payment.status in _PAID and not bought.is_charged:
        # Paid before, and we had not heard of it until this call asked.
        raise _already_purchased()
    return bought


def _order(
    stripe: StripeConnection,
    learner: SignedIn,
    actor: Actor,
    *,
    course_id: CourseId,
    ask_after: timedelta,
    means: Means,
    finish: Finish[Purchase | Enrolment],
) -> Purchase | Enrolment:
    with db.transaction() as session:
        # Two taps on "buy" wait for each other here; the unique index would refuse the second one anyway.
        db.lock(session, f"purchase:{learner.person_id}:{course_id}")
        course = courses.get_course(session, course_id)
        _refuse_second(session, learner.person_id, course_id)
        if course.price.is_zero:
            enrolment = _enrol(session, actor, learner.person_id, course)
            finish(session, enrolment)
            return enrolment
        payment_id = _reserve(
            session, actor, learner.person_id, course, ask_after=ask_after, saves=means.saves
        )
        charging.reserve(session, payment_id, learner.person_id, means)
    return send_order(stripe, learner, payment_id=payment_id, cause=actor.cause, finish=finish)


def send_order(
    stripe: StripeConnection,
    payer: SignedIn,
    *,
    payment_id: PaymentId,
    cause: str,
    finish: Finish[Purchase] = unanswered,
) -> Purchase:
    """Take a reserved payment to Stripe, or fetch it when it is there already, and settle what it says.

    A saved method that is to be charged for it is charged. ``finish`` is called with what the payer can go on with; not
    when it turns out to be paid or given up already.
    Raises NoAnswer (the payment is ``unknown`` then), Refused, Declined, Invalid where Stripe takes no such amount.
    """
    with db.reading() as session:
        payment = payments.get_payment(session, payment_id)
    try:
        intent = _send(stripe, payment, payer)
    except NoAnswer:
        with db.transaction() as session:
            charges.mark_unknown(session, payment_id, cause=cause)
        raise
    except Refused as refused:
        if refused.stripe_code not in _AMOUNT_REFUSED:
            raise
        with db.transaction() as session:
            charges.give_up(session, payment_id, cause=cause, reason=refused.told)
        raise Invalid([FieldError("amount", refused.stripe_code, refused.told)]) from refused
    with db.transaction() as session:
        # Settling finds the order by our id in the intent and records the intent's, both under the intent's lock:
        # writing it here first would take the two locks the other way round than an event does.
        if not sale.settle(session, intent, cause=cause):
            # The order got another intent meanwhile; this one's secret must not be told. The next call finds it.
            raise NoAnswer
        purchase = Purchase(payments.get_payment(session, payment_id), intent.client_secret)
        is_to_be_charged = saved.find_open_attempt(session, payment_id) is not None
        if not purchase.is_over and not is_to_be_charged:
            finish(session, purchase)
    return _charged(stripe, purchase, cause=cause, finish=finish) if is_to_be_charged else purchase


def _charged(
    stripe: StripeConnection, purchase: Purchase, *, cause: str, finish: Finish[Purchase]
) -> Purchase:
    """``purchase`` after the saved method was charged that was named for it."""

    def done(session: Session, payment: PaymentView) -> None:
        finish(session, replace(purchase, payment=payment, is_charged=True))

    charging.finish_attempt(stripe, purchase.payment.id, cause=cause, finish=done)
    with db.reading() as session:
        payment = payments.get_payment(session, purchase.payment.id)
    return replace(purchase, payment=payment, is_charged=True)


def _refuse_second(session: Session, learner_id: PersonId, course_id: CourseId) -> None:
    if courses.live_reasons(session, learner_id=learner_id, course_id=course_id):
        raise _already_purchased()


def _already_purchased() -> Conflict:
    return Conflict("already_purchased", "You have paid for this course, or have it already.")


def _enrol(session: Session, actor: Actor, learner_id: PersonId, course: courses.CourseView) -> Enrolment:
    shelf.grant_access(
        session, learner_id=learner_id, course_id=course.id, reason="enrolment", payment_id=None
    )
    audit.record(
        session,
        actor,
        act="course.enrolled",
        subject=Subject("course", str(course.id), course.title),
        after={"learner_id": learner_id},
    )
    return Enrolment(course.id, clock.now())


def _reserve(
    session: Session,
    actor: Actor,
    learner_id: PersonId,
    course: courses.CourseView,
    *,
    ask_after: timedelta,
    saves: bool,
) -> PaymentId:
    open_one = payments.find_live_purchase(session, payer_id=learner_id, course_id=course.id)
    if open_one is not None:
        if open_one.status in _PAID:
            raise _already_purchased()
        charges.ask_soon(session, open_one.id, after=ask_after)
        return open_one.id
    split = courses.get_split(session, course.id, at=clock.now())
    order = charges.NewOrder(
        payer_id=learner_id,
        price=course.price,
        description=course.title,
        course_id=course.id,
        agreement_id=split.agreement_id,
        saves_method=saves,
    )
    payment_id = charges.reserve(session, order, cause=actor.cause, ask_after=ask_after)
    audit.record(
        session,
        actor,
        act="payment.ordered",
        subject=Subject("payment", str(payment_id), course.title),
        after={"payer_id": learner_id, "course_id": course.id, "price": order.price},
    )
    return payment_id


def _send(stripe: StripeConnection, payment: PaymentView, payer: SignedIn) -> Intent:
    if payment.stripe_payment_intent_id is not None:
        return intents.fetch_intent(stripe, payment.stripe_payment_intent_id)
    request = intents.IntentRequest(
        payment.id, payment.amount, customer_of(stripe, payer), payment.description, payment.saves_method
    )
    return intents.create_intent(stripe, request)
