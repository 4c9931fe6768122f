"""Somebody comes back from their bank: Stripe is asked what became of it. Nothing is sent, and nobody is believed."""

from __future__ import annotations

from azora_admin.core import db
from azora_admin.core.errors import NotFound
from azora_admin.core.ids import PaymentId
from azora_admin.flows import checkout, sale
from azora_admin.flows.checkout import Purchase
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.gateways.stripe import intents
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.identity.rules import Actor, SignedIn
from azora_admin.payments import queries as payments
from azora_admin.payments.rules.settlement import OPEN


def look(stripe: StripeConnection, payment_id: PaymentId) -> None:
    """Settle the payment by what Stripe says now, unless it is settled. Raises NotFound, NoAnswer."""
    with db.reading() as session:
        payment = payments.get_payment(session, payment_id)
    if payment.status not in OPEN or payment.stripe_payment_intent_id is None:
        return
    intent = intents.fetch_intent(stripe, payment.stripe_payment_intent_id)
    with db.transaction() as session:
        sale.settle(session, intent, cause="return")


def go_on(
    stripe: StripeConnection,
    payer: SignedIn,
    actor: Actor,
    *,
    payment_id: PaymentId,
    finish: Finish[Purchase] = unanswered,
) -> Purchase:
    """The payer's own payment as it stands at Stripe now, with what its app can confirm it by.

    Raises NotFound, also for one that was given up before it reached Stripe, and what sending raises.
    """
    with db.reading() as session:
        payment = payments.get_payment(session, payment_id, payer_id=payer.person_id)
    if payment.status not in OPEN and payment.stripe_payment_intent_id is None:
        raise NotFound("payment_not_found", "The payment was given up before it reached Stripe.")
    found = checkout.send_order(stripe, payer, payment_id=payment_id, cause=actor.cause, finish=finish)
    if found.is_over and not found.is_charged:
        with db.transaction() as session:
            finish(session, found)
    return found
