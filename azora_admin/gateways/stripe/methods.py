"""What customers saved to pay with: SetupIntents that save a method without a payment, and the methods themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import stripe

from azora_admin.core.ids import SetupId
from azora_admin.gateways.stripe.client import Refused, Sending, StripeConnection
from azora_admin.gateways.stripe.creating import create_once
from azora_admin.gateways.stripe.shapes import Method, Refusal, Setup
from azora_admin.gateways.stripe.told import told, told_uuid

if TYPE_CHECKING:
    from stripe.params import SetupIntentCreateParams, SetupIntentListParams


@dataclass(frozen=True, slots=True)
class SetupRequest:
    """What a setup asks of Stripe. Its id is the idempotency key and comes back as metadata."""

    setup_id: SetupId
    customer_id: str


def create_setup(connection: StripeConnection, request: SetupRequest) -> Setup:
    """Create the setup's intent, or get the one that an earlier try created. Raises NoAnswer, Refused."""
    wanted: SetupIntentCreateParams = {
        "customer": request.customer_id,
        "usage": "off_session",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        "metadata": {"setup_id": str(request.setup_id)},
    }
    return create_once(
        f"setup-{request.setup_id}",
        create=lambda key: _setup(
            connection.send(
                Sending("setup", str(request.setup_id), "/v1/setup_intents", key),
                lambda v1: v1.setup_intents.create(wanted, {"idempotency_key": key}),
            )
        ),
        find=lambda: find_setup(connection, request),
    )


def fetch_setup(connection: StripeConnection, intent_id: str) -> Setup:
    """The SetupIntent as it is now."""
    return _setup(connection.call(lambda v1: v1.setup_intents.retrieve(intent_id)))


def find_setup(connection: StripeConnection, request: SetupRequest) -> Setup | None:
    """Our setup among its customer's, for whoever can't be told by its key; None when there is none."""
    wanted: SetupIntentListParams = {"customer": request.customer_id, "limit": 100}
    while True:
        page = connection.call(lambda v1, wanted=wanted: v1.setup_intents.list(wanted))  # type: ignore[misc]
        for one in page.data:
            if told(one.metadata, "setup_id") == str(request.setup_id):
                return fetch_setup(connection, one.id)
        if not page.has_more:
            return None
        wanted = {"customer": request.customer_id, "limit": 100, "starting_after": page.data[-1].id}


def cancel_setup(connection: StripeConnection, intent_id: str, *, setup_id: SetupId) -> Setup:
    """Give up a setup that nobody confirmed. Raises Refused when its method was saved meanwhile."""
    key = f"cancel-setup-{setup_id}"
    given_up: stripe.params.SetupIntentCancelParams = {"cancellation_reason": "abandoned"}
    connection.send(
        Sending("setup_cancellation", str(setup_id), "/v1/setup_intents/{id}/cancel", key),
        lambda v1: v1.setup_intents.cancel(intent_id, given_up, {"idempotency_key": key}),
    )
    return fetch_setup(connection, intent_id)


def fetch_method(connection: StripeConnection, method_id: str) -> Method:
    """The method as it is now; without a customer when it belongs to nobody any more."""
    return _method(connection.call(lambda v1: v1.payment_methods.retrieve(method_id)))


def detach_method(connection: StripeConnection, method_id: str) -> None:
    """Take the method from its customer, for good. Twice is once. Raises NoAnswer, Refused."""
    key = f"detach-{method_id}"
    try:
        connection.send(
            Sending("detachment", method_id, "/v1/payment_methods/{id}/detach", key),
            lambda v1: v1.payment_methods.detach(method_id, {}, {"idempotency_key": key}),
        )
    except Refused:
        # Stripe says no to one that is nobody's, with no code of its own: whose it is tells whether it is done.
        if fetch_method(connection, method_id).customer_id is not None:
            raise


def _setup(intent: stripe.SetupIntent) -> Setup:
    error = intent.last_setup_error
    refusal = None
    if error:
        refusal = Refusal(
            code=told(error, "decline_code") or told(error, "code") or "card_declined",
            message=told(error, "message") or "The payment method was declined.",
        )
    customer, method = intent.customer, intent.payment_method
    return Setup(
        id=intent.id,
        status=str(intent.status),
        customer_id=customer if isinstance(customer, str) or customer is None else customer.id,
        setup_id=told_uuid(told(intent.metadata, "setup_id")),
        client_secret=intent.client_secret or "",
        method_id=method if isinstance(method, str) or method is None else method.id,
        refusal=refusal,
    )


def _method(method: stripe.PaymentMethod) -> Method:
    customer, card = method.customer, told(method, "card")
    return Method(
        id=method.id,
        customer_id=customer if isinstance(customer, str) or customer is None else customer.id,
        kind=str(method.type),
        brand=told(card, "brand"),
        last4=told(card, "last4"),
        exp_month=told(card, "exp_month"),
        exp_year=told(card, "exp_year"),
    )
