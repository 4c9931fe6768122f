"""A payer gives an open payment up: Stripe is told first, so that it can't be paid behind our back."""

from __future__ import annotations

from azora_admin.core import db
from azora_admin.core.errors import Conflict
from azora_admin.core.ids import PaymentId
from azora_admin.flows import checkout, sale
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.gateways.stripe import intents
from azora_admin.gateways.stripe.client import Refused, StripeConnection
from azora_admin.gateways.stripe.shapes import Intent
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.payments import queries as payments
from azora_admin.payments.queries import PaymentView
from azora_admin.payments.rules.settlement import OPEN


def cancel(
    stripe: StripeConnection,
    payer: SignedIn,
    actor: Actor,
    *,
    payment_id: PaymentId,
    finish: Finish[PaymentView] = unanswered,
) -> PaymentView:
    """Cancel the payer's own open payment; one that is cancelled already stays so.

    Raises NotFound, Conflict ``payment_not_cancellable`` when it is paid (or was, meanwhile) or with the bank, NoAnswer
    (the same call later goes on with it).
    """
    with db.reading() as session:
        payment = payments.get_payment(session, payment_id, payer_id=payer.person_id)
    if payment.status not in (*OPEN, "cancelled"):
        raise _too_late()
    if payment.status != "cancelled" and payment.stripe_payment_intent_id is None:
        # Whether Stripe has it is not known: it is taken there, so that there is something to cancel.
        payment = checkout.send_order(stripe, payer, payment_id=payment_id, cause=actor.cause).payment
    intent = _cancel(stripe, payment)
    with db.transaction() as session:
        if intent is not None:
            sale.settle(session, intent, cause=actor.cause)
        after = payments.get_payment(session, payment_id)
        if after.status == "cancelled":
            audit.record(
                session,
                actor,
                act="payment.cancelled",
                subject=Subject("payment", str(payment_id), payment.description),
                before={"status": payment.status},
                after={"status": "cancelled"},
            )
            finish(session, after)
    if after.status != "cancelled":
        raise _too_late()
    return after


def _cancel(stripe: StripeConnection, payment: PaymentView) -> Intent | None:
    if payment.stripe_payment_intent_id is None:
        return None
    try:
        return intents.cancel_intent(
            stripe,
            payment.stripe_payment_intent_id,
            payment_id=payment.id,
            reason="requested_by_customer",
        )
    except Refused:
        # Paid between our two calls, or cancelled already: what Stripe says now is the truth.
        return intents.fetch_intent(stripe, payment.stripe_payment_intent_id)


def _too_late() -> Conflict:
    return Conflict("payment_not_cancellable", "It is paid, or with the bank: ask for a refund instead.")
