"""Purchases as the tests here make them."""

from __future__ import annotations

from typing import Any, Final

import pytest
import stripe

NO_REDIRECTS: Final[Any] = {"automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}


def pay(client: stripe.StripeClient, **changes: Any) -> stripe.PaymentIntent:
    """An intent of 49.00 USD, confirmed with a Visa unless ``changes`` say otherwise."""
    given: Any = {
        "amount": 4900, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True,
    } | NO_REDIRECTS | changes  # fmt: skip
    return client.v1.payment_intents.create(given)


def declined(client: stripe.StripeClient, card: str, **changes: Any) -> Any:
    """The error of a payment that the card declines."""
    with pytest.raises(stripe.CardError) as refused:
        pay(client, payment_method=card, **changes)
    assert refused.value.http_status == 402
    return refused.value.error


def told(client: stripe.StripeClient) -> list[str]:
    """The types of all events, the oldest first."""
    return [event.type for event in reversed(client.v1.events.list({"limit": 100}).data)]
