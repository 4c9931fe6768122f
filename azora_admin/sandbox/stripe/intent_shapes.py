"""A payment intent's shape: what a new one looks like, and how parameters change it."""

from __future__ import annotations

from typing import Final

from azora_admin.core.charge_limits import largest_charge, smallest_charge
from azora_admin.core.errors import Invalid
from azora_admin.core.money import from_stripe, to_stripe
from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.errors import refused_parameter
from azora_admin.sandbox.stripe.identifiers import new_identifier, random_text
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.params import Field, Integer, Text, merge_metadata
from azora_admin.sandbox.stripe.payment_sources import check_usable, get_payment_method
from azora_admin.sandbox.stripe.shared_shapes import SHIPPING, shipping

CAPTURE_METHOD = Text(choices=("automatic", "automatic_async", "manual"))
FIELDS: Final[dict[str, Field]] = {
    "amount": Integer(least=1),
    "capture_method": CAPTURE_METHOD,
    "currency": Text(),
    "customer": Text(),
    "description": Text(clearable=True, longest=1000),
    "payment_method": Text(),
    "receipt_email": Text(clearable=True),
    "setup_future_usage": Text(choices=("off_session", "on_session"), clearable=True),
    "shipping": SHIPPING,
    "statement_descriptor": Text(longest=22),
    "statement_descriptor_suffix": Text(longest=22),
    "transfer_group": Text(),
}


def check_amount(amount: int, currency: str) -> None:
    """Raises ApiError 400 for an unknown currency or an amount that Stripe does not take."""
    try:
        smallest, largest = to_stripe(smallest_charge(currency)), to_stripe(largest_charge(currency))
    except Invalid:
        raise refused_parameter(f"Invalid currency: {currency}.", "currency") from None
    if amount < smallest:
        raise refused_parameter(
            f"Amount must be at least {smallest} in the smallest unit of {currency}.",
            "amount",
            "amount_too_small",
        )
    if amount > largest:
        raise refused_parameter(f"Amount must be no more than {largest}.", "amount", "amount_too_large")
    try:
        to_stripe(from_stripe(amount, currency))
    except (ValueError, Invalid):
        raise refused_parameter(
            f"Invalid amount: {amount} is no amount of {currency} that can be charged.",
            "amount",
            "invalid_charge_amount",
        ) from None


def intent_shape(given: Json) -> Json:
    """A new intent before what was ``given`` is applied; takes out of ``given`` what is decided for good."""
    automatic = given.pop("automatic_payment_methods", None)
    allowed = given.pop("allowed_payment_method_types", None)
    if automatic is None and allowed is None:
        automatic = {"enabled": True}
    if automatic is not None:
        automatic = {"allow_redirects": "always"} | automatic
    identifier = new_identifier("pi")
    return {
        "id": identifier,
        "allowed_payment_method_types": allowed,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": automatic,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{identifier}_secret_{random_text(25)}",
        "confirmation_method": given.pop("confirmation_method", "automatic"),
        "customer": None,
        "customer_account": None,
        "description": None,
        "excluded_payment_method_types": None,
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": allowed or ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        "_return_url": None,
    }


def apply_to_intent(book: Book, intent: Json, given: Json) -> None:
    """Sets what was given at creation or by an update; a payment method makes the intent confirmable."""
    for name, value in given.items():
        if name == "metadata":
            intent["metadata"] = merge_metadata(intent["metadata"], value)
        elif name == "shipping":
            intent["shipping"] = shipping(value)
        elif name == "currency":
            intent["currency"] = value.lower()
        elif name == "customer":
            intent["customer"] = book.get("customer", value, "customer")["id"]
        elif name in FIELDS and name != "payment_method":
            intent[name] = value
    if "payment_method" in given:
        method = get_payment_method(book, given["payment_method"], "payment_method")
        check_usable(method, intent["customer"])
        intent["payment_method"] = method["id"]
        if intent["status"] == "requires_payment_method":
            intent["status"] = "requires_confirmation"
