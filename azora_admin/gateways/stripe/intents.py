"""PaymentIntents and the customers they belong to: create with our key, read with all that settling needs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import stripe

from azora_admin.core.errors import Invalid
from azora_admin.core.ids import PaymentId, PersonId
from azora_admin.core.money import Money, from_stripe, to_stripe
from azora_admin.gateways.stripe.client import Refused, Sending, StripeConnection
from azora_admin.gateways.stripe.creating import create_once
from azora_admin.gateways.stripe.shapes import Charge, Fee, Intent, Refusal
from azora_admin.gateways.stripe.told import told, told_rate, told_uuid

if TYPE_CHECKING:
    from stripe.params import (
        CustomerCreateParams,
        PaymentIntentConfirmParams,
        PaymentIntentCreateParams,
        PaymentIntentListParams,
    )

log = logging.getLogger(__name__)
_EXPAND = ["latest_charge.balance_transaction"]


@dataclass(frozen=True, slots=True)
class IntentRequest:
    """What a payment asks of Stripe. The payment's id is the idempotency key and comes back as metadata."""

    payment_id: PaymentId
    amount: Money
    customer_id: str
    description: str
    saves_method: bool = False


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A try to charge a saved method. The payment's id and the try's ``number`` are the idempotency key."""

    payment_id: PaymentId
    number: int
    intent_id: str
    method_id: str
    off_session: bool


def create_customer(connection: StripeConnection, *, person_id: PersonId, email: str, name: str) -> str:
    """Make the person known at Stripe; the same person always gives the same customer. Returns its id."""
    wanted: CustomerCreateParams = {"email": email, "name": name, "metadata": {"person_id": str(person_id)}}
    return create_once(
        f"customer-{person_id}",
        create=lambda key: (
            connection.send(
                Sending("customer", str(person_id), "/v1/customers", key),
                lambda v1: v1.customers.create(wanted, {"idempotency_key": key}),
            ).id
        ),
        find=lambda: _find_customer(connection, person_id, email),
    )


def create_intent(connection: StripeConnection, request: IntentRequest) -> Intent:
    """Create the payment's intent, or get the one that an earlier try created (same key, same body)."""
    wanted: PaymentIntentCreateParams = {
        "amount": to_stripe(request.amount),
        "currency": request.amount.currency,
        "customer": request.customer_id,
        "description": request.description,
        # Redirect methods would need a return page; cards and wallets confirm inside the app.
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {"payment_id": str(request.payment_id)},
        "expand": _EXPAND,
    }
    if request.saves_method:
        wanted["setup_future_usage"] = "off_session"
    return create_once(
        f"payment-{request.payment_id}",
        create=lambda key: _shape(
            connection.send(
                Sending("payment", str(request.payment_id), "/v1/payment_intents", key),
                lambda v1: v1.payment_intents.create(wanted, {"idempotency_key": key}),
            )
        ),
        find=lambda: find_intent(connection, payment_id=request.payment_id, customer_id=request.customer_id),
    )


def _find_customer(connection: StripeConnection, person_id: PersonId, email: str) -> str | None:
    listed = connection.call(lambda v1: v1.customers.list({"email": email, "limit": 100}))
    ours = [one.id for one in listed.data if told(one.metadata, "person_id") == str(person_id)]
    return ours[0] if ours else None


def find_intent(connection: StripeConnection, *, payment_id: PaymentId, customer_id: str) -> Intent | None:
    """Our payment's intent among its customer's, for whoever can't be told by its key; None when there is none."""
    wanted: PaymentIntentListParams = {"customer": customer_id, "limit": 100}
    while True:
        page = connection.call(lambda v1, wanted=wanted: v1.payment_intents.list(wanted))  # type: ignore[misc]
        for one in page.data:
            if told(one.metadata, "payment_id") == str(payment_id):
                return fetch_intent(connection, one.id)
        if not page.has_more:
            return None
        wanted = {"customer": customer_id, "limit": 100, "starting_after": page.data[-1].id}


def fetch_intent(connection: StripeConnection, intent_id: str) -> Intent:
    """The intent as it is now, with its charge and, once it exists, the fee."""
    return _shape(connection.call(lambda v1: v1.payment_intents.retrieve(intent_id, {"expand": _EXPAND})))


def confirm_intent(connection: StripeConnection, confirmation: Confirmation) -> Intent:
    """Charge a saved method, or get what an earlier try of this number came to; a decline is an answer like any other.

    Raises NoAnswer, and Refused when Stripe would not even try (the method is gone, the intent is paid or given up).
    """
    one = confirmation
    wanted: PaymentIntentConfirmParams = {"payment_method": one.method_id}
    if one.off_session:
        wanted["off_session"] = True
    key = f"charge-{one.payment_id}-{one.number}"
    try:
        connection.send(
            Sending("charge", str(one.payment_id), "/v1/payment_intents/{id}/confirm", key),
            lambda v1: v1.payment_intents.confirm(one.intent_id, wanted, {"idempotency_key": key}),
        )
    except Refused as refused:
        if not refused.is_decline:
            raise
    return fetch_intent(connection, one.intent_id)


def fetch_charge_intent_id(connection: StripeConnection, charge_id: str) -> str | None:
    """The id of the intent behind a charge; None for a charge that was made without one."""
    charge = connection.call(lambda v1: v1.charges.retrieve(charge_id))
    found = charge.payment_intent
    return found if isinstance(found, str) or found is None else found.id


def cancel_intent(
    connection: StripeConnection,
    intent_id: str,
    *,
    payment_id: PaymentId,
    reason: Literal["abandoned", "requested_by_customer"] = "abandoned",
) -> Intent:
    """Give up an intent that nobody confirmed. Raises Refused when it was paid meanwhile."""
    key = f"cancel-{payment_id}-{reason}"
    connection.send(
        Sending("cancellation", str(payment_id), "/v1/payment_intents/{id}/cancel", key),
        lambda v1: v1.payment_intents.cancel(
            intent_id, {"cancellation_reason": reason}, {"idempotency_key": key}
        ),
    )
    return fetch_intent(connection, intent_id)


def _shape(intent: stripe.PaymentIntent) -> Intent:
    currency = intent.currency
    error = intent.last_payment_error
    return Intent(
        id=intent.id,
        status=str(intent.status),
        amount=from_stripe(intent.amount, currency),
        received=from_stripe(intent.amount_received or 0, currency),
        customer_id=_id_of(intent.customer),
        payment_id=told_uuid(told(intent.metadata, "payment_id")),
        client_secret=intent.client_secret or "",
        refusal=_refusal(error) if error else None,
        method_id=_id_of(intent.payment_method),
        charge=_charge(intent.latest_charge),
    )


def _refusal(error: stripe.PaymentIntent.LastPaymentError) -> Refusal:
    return Refusal(
        code=told(error, "decline_code") or told(error, "code") or "card_declined",
        message=told(error, "message") or "The payment was declined.",
    )


def _charge(charge: str | stripe.Charge | None) -> Charge | None:
    if not isinstance(charge, stripe.Charge) or charge.status != "succeeded":
        return None
    card = told(charge.payment_method_details, "card")  # wallets that are no card have none
    return Charge(
        id=charge.id,
        created_at=datetime.fromtimestamp(charge.created, UTC),
        brand=told(card, "brand"),
        last4=told(card, "last4"),
        fee=_fee(charge.balance_transaction),
    )


def _fee(transaction: str | stripe.BalanceTransaction | None) -> Fee | None:
    if not isinstance(transaction, stripe.BalanceTransaction):
        return None
    currency = transaction.currency
    try:
        return Fee(
            transaction.id,
            from_stripe(transaction.fee, currency),
            from_stripe(transaction.net, currency),
            told_rate(transaction),
        )
    except Invalid:
        # The sale does not wait for a fee in a currency that we can't hold; the missing fee is seen and asked for.
        log.error("%s is in %s, which is not served here", transaction.id, currency)
        return None


def _id_of(reference: str | stripe.Customer | stripe.PaymentMethod | None) -> str | None:
    return reference if isinstance(reference, str) or reference is None else reference.id
