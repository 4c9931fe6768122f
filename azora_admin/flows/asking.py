"""What was never heard of is asked for: a lost event, a lost answer or an abandoned cart ends here.

An ask fetches the payment's intent and settles it through the very flow that an event takes. A payment
that nobody finished within a day is cancelled at Stripe first, so that it can't be paid behind our back.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from azora_admin.core import clock, db
from azora_admin.core.errors import Declined
from azora_admin.core.ids import PaymentId
from azora_admin.flows import charging, checkout, sale
from azora_admin.gateways.stripe import intents
from azora_admin.gateways.stripe.client import Refused, StripeConnection
from azora_admin.gateways.stripe.shapes import Intent
from azora_admin.identity.queries import get_person
from azora_admin.messaging import outbox
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import charges, methods
from azora_admin.payments.queries import PaymentView
from azora_admin.payments.queries import methods as saved
from azora_admin.payments.rules.settlement import ABANDONED_AFTER, OPEN

_CAN_BE_CANCELLED = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})
_BATCH = 200


def enqueue_due(*, first_pause: timedelta) -> int:
    """Enqueue an ask for every payment that is due, with its next time. Returns how many."""
    with db.transaction() as session:
        due = charges.take_due(session, first_pause=first_pause, limit=_BATCH)
        for payment in due:
            outbox.enqueue(
                session,
                outbox.ASK_FOR_PAYMENT,
                {"payment_id": str(payment.id)},
                lock=outbox.stripe_lock(payment.intent_id or str(payment.id)),
            )
    return len(due)


def ask(stripe: StripeConnection, payment_id: PaymentId) -> None:
    """Bring the payment to what Stripe says of it now. Raises NoAnswer; the next ask is set already."""
    with db.reading() as session:
        payment = payments.get_payment(session, payment_id)
        is_to_be_charged = saved.find_open_attempt(session, payment_id) is not None
    too_old = clock.now() - payment.created_at > ABANDONED_AFTER
    if is_to_be_charged and payment.stripe_payment_intent_id is not None:
        with suppress(Declined):  # an answer, too, and written down
            charging.finish_attempt(stripe, payment_id, cause="ask")
        return
    if payment.stripe_payment_intent_id is not None:
        intent = intents.fetch_intent(stripe, payment.stripe_payment_intent_id)
    elif too_old:
        # After a day the key would create a second intent: whether there is a first one is told by a look.
        found = _look_for(stripe, payment)
        if found is None:
            with db.transaction() as session:
                charges.give_up(session, payment.id, cause="ask")
                methods.end_attempt(session, payment.id, outcome="never_sent")
            return
        intent = found
    else:
        if payment.status in OPEN:
            _finish_sending(stripe, payment)
        return
    if too_old and intent.status in _CAN_BE_CANCELLED:
        intent = _cancel(stripe, payment, intent)
    with db.transaction() as session:
        sale.settle(session, intent, cause="ask")
        if too_old:
            methods.end_attempt(session, payment.id, outcome="never_sent")


def _look_for(stripe: StripeConnection, payment: PaymentView) -> Intent | None:
    with db.reading() as session:
        customer_id = payments.find_customer_id(session, payment.payer_id)
    if customer_id is None:
        return None  # an intent needs a customer, and this payer was never told of one
    return intents.find_intent(stripe, payment_id=payment.id, customer_id=customer_id)


def _finish_sending(stripe: StripeConnection, payment: PaymentView) -> None:
    with db.reading() as session:
        payer = get_person(session, payment.payer_id)
    with suppress(Declined):
        checkout.send_order(stripe, payer, payment_id=payment.id, cause="ask")


def _cancel(stripe: StripeConnection, payment: PaymentView, intent: Intent) -> Intent:
    try:
        return intents.cancel_intent(stripe, intent.id, payment_id=payment.id)
    except Refused:
        # Paid between our two calls: what Stripe says now is the truth.
        return intents.fetch_intent(stripe, intent.id)
