"""Setup intents: create, retrieve, list, confirm, cancel. What a confirmation leads to is in setting_up.py."""

from __future__ import annotations

from typing import Final

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.errors import ApiError, refused_parameter
from azora_admin.sandbox.stripe.identifiers import new_identifier, random_text
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.params import (
    CREATED,
    METADATA,
    PAGE,
    Boolean,
    Field,
    Group,
    ListOf,
    Text,
    accepts,
)
from azora_admin.sandbox.stripe.payment_sources import check_usable, get_payment_method
from azora_admin.sandbox.stripe.registry import Answer, Call, Kind, Routes
from azora_admin.sandbox.stripe.setting_up import CONFIRMABLE, confirm_setup, unexpected_state

KINDS = (
    Kind(
        "setup_intent",
        "seti",
        expandable=frozenset({"customer", "payment_method"}),
        filters=("customer", "payment_method"),
    ),
)
ROUTES = Routes()

_REMOVED: Final = {
    "payment_method_types": (
        "payment_method_types_no_longer_supported",
        "payment_method_types is no longer supported; use automatic_payment_methods.",
    )
}
_AUTOMATIC = Group(
    {"enabled": Boolean(), "allow_redirects": Text(choices=("always", "never"))}, required=("enabled",)
)
_CONFIRMING: Final[dict[str, Field]] = {
    "payment_method": Text(),
    "return_url": Text(),
    "use_stripe_sdk": Boolean(),
}


def _without_types(plain: Group) -> Group:
    return Group(plain.fields, plain.required, removed=_REMOVED)


_CREATE = _without_types(
    accepts(
        METADATA,
        _CONFIRMING,
        allowed_payment_method_types=ListOf(Text()),
        automatic_payment_methods=_AUTOMATIC,
        confirm=Boolean(),
        customer=Text(),
        description=Text(longest=1000),
        usage=Text(choices=("off_session", "on_session")),
    )
)
_CONFIRM = _without_types(accepts(_CONFIRMING, client_secret=Text()))
_CANCEL = accepts(cancellation_reason=Text(choices=("abandoned", "duplicate", "requested_by_customer")))


@ROUTES.post("/v1/setup_intents", _CREATE)
def create(call: Call, book: Book) -> Json | Answer:
    given = call.params
    customer = given.get("customer")
    if customer is not None:
        customer = book.get("customer", customer, "customer")["id"]
    intent = book.create("setup_intent", _shape(given, customer))
    if "payment_method" in given:
        method = get_payment_method(book, given["payment_method"], "payment_method")
        check_usable(method, customer)
        intent |= {"payment_method": method["id"], "status": "requires_confirmation"}
        book.save(intent)
    book.emit("setup_intent.created", intent)
    return confirm_setup(book, intent, call) if given.get("confirm") else book.present(intent)


@ROUTES.get("/v1/setup_intents/{intent}", accepts(client_secret=Text()), publishable=True)
def retrieve(call: Call, book: Book) -> Json:
    return book.present(_get(call, book))


@ROUTES.get("/v1/setup_intents", accepts(PAGE, CREATED, customer=Text(), payment_method=Text()))
def list_all(call: Call, book: Book) -> Json:
    return list_objects(book, "setup_intent", call.params, url="/v1/setup_intents")


@ROUTES.post("/v1/setup_intents/{intent}/confirm", _CONFIRM, publishable=True)
def confirm_existing(call: Call, book: Book) -> Json | Answer:
    return confirm_setup(book, _get(call, book), call)


@ROUTES.post("/v1/setup_intents/{intent}/cancel", _CANCEL)
def cancel(call: Call, book: Book) -> Json:
    intent = _get(call, book)
    if intent["status"] not in CONFIRMABLE:
        raise unexpected_state(
            book,
            intent,
            f"You cannot cancel this SetupIntent because it has a status of {intent['status']}. Only a SetupIntent "
            f"with one of the following statuses may be canceled: {', '.join(CONFIRMABLE)}.",
        )
    reason = call.params.get("cancellation_reason")
    intent |= {"status": "canceled", "cancellation_reason": reason, "next_action": None}
    book.save(intent)
    book.emit("setup_intent.canceled", intent)
    return book.present(intent)


def _shape(given: Json, customer: str | None) -> Json:
    identifier = new_identifier("seti")
    automatic = given.get("automatic_payment_methods")
    allowed = given.get("allowed_payment_method_types")
    if automatic is None and allowed is None:
        automatic = {"enabled": True}
    return {
        "id": identifier,
        "allowed_payment_method_types": allowed,
        "application": None,
        "automatic_payment_methods": automatic and {"allow_redirects": "always"} | automatic,
        "cancellation_reason": None,
        "client_secret": f"{identifier}_secret_{random_text(25)}",
        "customer": customer,
        "customer_account": None,
        "description": given.get("description"),
        "excluded_payment_method_types": None,
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "mandate": None,
        "metadata": {key: value for key, value in (given.get("metadata") or {}).items() if value},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": allowed or ["card"],
        "single_use_mandate": None,
        "status": "requires_payment_method",
        "usage": given.get("usage", "off_session"),
        "_return_url": given.get("return_url"),
    }


def _get(call: Call, book: Book) -> Json:
    """The intent in the path; with a publishable key its client secret must be given and fit."""
    intent = book.get("setup_intent", call.path["intent"], "intent")
    secret = call.params.pop("client_secret", None)
    if secret is None and not call.has_secret_key:
        raise refused_parameter(
            "Missing required param: client_secret.", "client_secret", "parameter_missing"
        )
    if secret is not None and secret != intent["client_secret"]:
        raise ApiError(
            400,
            "The client_secret provided does not match the client_secret associated with the SetupIntent.",
            param="client_secret",
            kept=False,
        )
    return intent
