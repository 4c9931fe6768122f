"""A saved method is charged: reserve the try, send it to Stripe, record what the bank said. One try at a time.

Each try has a number, which is part of its idempotency key: a lost answer is asked for under the same one, and another
try is made only once the outcome of the last one is known. After a day nothing is sent any more: the intent tells.
Off session nobody is there to be asked: a bank that wants its customer gets them by mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import Declined
from azora_admin.core.ids import MethodId, PaymentId, PersonId
from azora_admin.core.money import money_text
from azora_admin.flows import sale
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.gateways.stripe import intents
from azora_admin.gateways.stripe.client import NoAnswer, Refused, StripeConnection
from azora_admin.gateways.stripe.shapes import Intent
from azora_admin.identity.queries import get_person
from azora_admin.messaging import mail
from azora_admin.messaging.outbox import stripe_lock
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import charges, methods
from azora_admin.payments.queries import PaymentView
from azora_admin.payments.queries import methods as saved
from azora_admin.payments.queries.methods import AttemptView
from azora_admin.payments.rules.letters import PaymentNeedsYou
from azora_admin.payments.rules.methods import may_be_sent
from azora_admin.payments.rules.settlement import AUTHENTICATION, OPEN

# What the payer's app can act on, by what the bank said; anything else is a card that was declined.
_CODES: Final = {
    "insufficient_funds": "insufficient_funds",
    AUTHENTICATION: AUTHENTICATION,
    "resource_missing": "invalid_payment_method",
    "not_charged": "invalid_payment_method",
}
_CHARGEABLE: Final = OPEN - {"processing"}
_NOT_TAKEN: Final = "Stripe does not take this payment method any more. Choose another one."


@dataclass(frozen=True, slots=True)
class Means:
    """How it is to be paid: by a saved method, or by one that is typed in, which ``saves`` keeps for the next time."""

    method_id: MethodId | None = None
    off_session: bool = False
    saves: bool = False


TYPED_IN: Final = Means()


def reserve(session: Session, payment_id: PaymentId, payer_id: PersonId, means: Means) -> None:
    """Write down that the payment is to be charged to a saved method, if it is; an open try is gone on with.

    Raises NotFound for a method that is not the payer's.
    """
    if means.method_id is None:
        return
    method = saved.get_method(session, means.method_id, person_id=payer_id)
    status = payments.get_payment(session, payment_id).status
    if status in _CHARGEABLE and saved.find_open_attempt(session, payment_id) is None:
        methods.attempt(session, payment_id, method.id, off_session=means.off_session)


def finish_attempt(
    stripe: StripeConnection, payment_id: PaymentId, *, cause: str, finish: Finish[PaymentView] = unanswered
) -> None:
    """Take the open try to Stripe, if there is one, and settle what the bank said.

    ``finish`` is called in the transaction that knows the outcome, unless that is a decline.
    Raises NoAnswer (the payment is ``unknown`` then), Declined.
    """
    with db.reading() as session:
        payment = payments.get_payment(session, payment_id)
        attempt = saved.find_open_attempt(session, payment_id)
    if attempt is None or payment.stripe_payment_intent_id is None:
        return
    refusal: str | None = None
    try:
        intent, refusal = _charge(stripe, payment, payment.stripe_payment_intent_id, attempt)
    except NoAnswer:
        with db.transaction() as session:
            db.lock(session, stripe_lock(payment.stripe_payment_intent_id))
            methods.mark_attempt_unknown(session, payment_id)
            charges.mark_charge_unknown(session, payment_id, cause=cause)
        raise
    with db.transaction() as session:
        sale.settle(session, intent, cause=cause)
        settled = payments.get_payment(session, payment_id)
        outcome = _outcome(settled, refusal)
        methods.end_attempt(session, payment_id, outcome=outcome)
        if outcome == AUTHENTICATION and attempt.off_session:
            _ask_back(session, settled, attempt)
        declined = _declined(settled, outcome)
        if declined is None:
            finish(session, settled)
    if declined is not None:
        raise declined


def _charge(
    stripe: StripeConnection, payment: PaymentView, intent_id: str, attempt: AttemptView
) -> tuple[Intent, str | None]:
    """The intent after the try, and Stripe's code where it would not even try."""
    if payment.status not in OPEN or not may_be_sent(attempt.reserved_at, now=clock.now()):
        return intents.fetch_intent(stripe, intent_id), None
    confirmation = intents.Confirmation(
        payment.id, attempt.number, intent_id, attempt.stripe_method_id, attempt.off_session
    )
    try:
        return intents.confirm_intent(stripe, confirmation), None
    except NoAnswer as lost:
        if not lost.is_final:
            raise
        # Stripe keeps a failure under the key: whether it acted is told by the intent, never by another key.
        return intents.fetch_intent(stripe, intent_id), None
    except Refused as refused:
        return intents.fetch_intent(stripe, intent_id), refused.stripe_code


def _outcome(payment: PaymentView, refusal: str | None) -> str:
    if payment.status == "pending":
        return refusal or "not_charged"
    return payment.failure_code or payment.status


def _declined(payment: PaymentView, outcome: str) -> Declined | None:
    if payment.status == "pending":
        return Declined(_CODES.get(outcome, "invalid_payment_method"), _NOT_TAKEN)
    if payment.failure_code is None:
        return None
    told = payment.failure_message or "The card was declined."
    return Declined(_CODES.get(payment.failure_code, "card_declined"), told)


def _ask_back(session: Session, payment: PaymentView, attempt: AttemptView) -> None:
    payer = get_person(session, payment.payer_id)
    letter = PaymentNeedsYou(
        amount=money_text(payment.amount), title=payment.description, payment_id=str(payment.id)
    )
    mail.enqueue(session, letter, to=payer.email, key=f"payment_needs_you:{payment.id}:{attempt.number}")
