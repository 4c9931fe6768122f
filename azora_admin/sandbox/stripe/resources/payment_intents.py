"""Payment intents: create, retrieve, update, list, confirm, cancel, capture."""

from __future__ import annotations

from typing import Final

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.charging import settle_later
from azora_admin.sandbox.stripe.confirming import CONFIRMABLE, confirm, unexpected_state
from azora_admin.sandbox.stripe.errors import ApiError, refused_parameter
from azora_admin.sandbox.stripe.intent_shapes import (
    CAPTURE_METHOD,
    FIELDS,
    apply_to_intent,
    check_amount,
    intent_shape,
)
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.params import (
    CREATED,
    METADATA,
    PAGE,
    Boolean,
    Field,
    Group,
    Integer,
    ListOf,
    Text,
    accepts,
    merge_metadata,
)
from azora_admin.sandbox.stripe.registry import Answer, Call, Kind, Routes

KINDS = (
    Kind(
        "payment_intent",
        "pi",
        expandable=frozenset({"customer", "latest_charge", "payment_method"}),
        filters=("customer",),
    ),
)
ROUTES = Routes()

_CONFIRMING: Final[dict[str, Field]] = {
    "error_on_requires_action": Boolean(),
    "off_session": Text(choices=("true", "false", "one_off", "recurring")),
    "return_url": Text(),
    "use_stripe_sdk": Boolean(),
}
_REMOVED: Final = {
    "payment_method_types": (
        "payment_method_types_no_longer_supported",
        "payment_method_types is no longer supported; use automatic_payment_methods.",
    )
}
_AUTOMATIC = Group(
    {"enabled": Boolean(), "allow_redirects": Text(choices=("always", "never"))}, required=("enabled",)
)


def _accepts(*parts: dict[str, Field], required: tuple[str, ...] = (), **fields: Field) -> Group:
    plain = accepts(*parts, required=required, **fields)
    return Group(plain.fields, plain.required, removed=_REMOVED)


_CREATE = _accepts(
    FIELDS,
    _CONFIRMING,
    dict(METADATA),
    automatic_payment_methods=_AUTOMATIC,
    allowed_payment_method_types=ListOf(Text()),
    confirm=Boolean(),
    confirmation_method=Text(choices=("automatic", "manual")),
    required=("amount", "currency"),
)
_UPDATE = _accepts(FIELDS, dict(METADATA))
_CONFIRM = _accepts(
    _CONFIRMING,
    payment_method=Text(),
    capture_method=CAPTURE_METHOD,
    client_secret=Text(),
    receipt_email=Text(clearable=True),
    setup_future_usage=Text(choices=("off_session", "on_session"), clearable=True),
)
_CANCEL = accepts(
    cancellation_reason=Text(choices=("abandoned", "duplicate", "fraudulent", "requested_by_customer"))
)
__CAPTURE = accepts(
    METADATA,
    amount_to_capture=Integer(least=1),
    final_capture=Boolean(),
    statement_descriptor_suffix=Text(longest=22),
)
_LIST = accepts(PAGE, CREATED, customer=Text())


@ROUTES.post("/v1/payment_intents", _CREATE)
def create(call: Call, book: Book) -> Json | Answer:
    given = dict(call.params)
    wants_confirmation = given.pop("confirm", False)
    if not wants_confirmation:
        for name in _CONFIRMING:
            if name in given and name != "use_stripe_sdk":
                raise refused_parameter(
                    f"You can only provide `{name}` when `confirm` is `true`.", name, "parameter_unknown"
                )
    check_amount(given["amount"], given["currency"].lower())
    intent = book.create("payment_intent", intent_shape(given))
    apply_to_intent(book, intent, given)
    book.save(intent)
    book.emit("payment_intent.created", intent)
    return confirm(book, intent, call) if wants_confirmation else book.present(intent)


@ROUTES.get("/v1/payment_intents/{intent}", accepts(client_secret=Text()), publishable=True)
def retrieve(call: Call, book: Book) -> Json:
    return book.present(_get(call, book))


@ROUTES.post("/v1/payment_intents/{intent}", _UPDATE)
def update(call: Call, book: Book) -> Json:
    intent = _get(call, book)
    if intent["status"] not in CONFIRMABLE and set(call.params) - {
        "metadata",
        "description",
        "receipt_email",
    }:
        refused = ", ".join(sorted(set(call.params) - {"metadata", "description", "receipt_email"}))
        raise unexpected_state(
            book,
            intent,
            f"This PaymentIntent's {refused} could not be updated because it has a status of {intent['status']}. You "
            f"may only update the {refused} of a PaymentIntent with one of the following statuses: "
            f"{', '.join(CONFIRMABLE)}.",
        )
    wanted = {"amount": intent["amount"], "currency": intent["currency"]} | call.params
    check_amount(wanted["amount"], wanted["currency"].lower())
    apply_to_intent(book, intent, call.params)
    book.save(intent)
    return book.present(intent)


@ROUTES.get("/v1/payment_intents", _LIST)
def list_all(call: Call, book: Book) -> Json:
    return list_objects(book, "payment_intent", call.params, url="/v1/payment_intents")


@ROUTES.post("/v1/payment_intents/{intent}/confirm", _CONFIRM, publishable=True)
def confirm_existing(call: Call, book: Book) -> Json | Answer:
    return confirm(book, _get(call, book), call)


@ROUTES.post("/v1/payment_intents/{intent}/cancel", _CANCEL)
def cancel(call: Call, book: Book) -> Json:
    intent = _get(call, book)
    open_states = (*CONFIRMABLE, "requires_capture", "processing")
    if intent["status"] not in open_states:
        raise unexpected_state(
            book,
            intent,
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}. Only a PaymentIntent "
            f"with one of the following statuses may be canceled: {', '.join(open_states)}.",
        )
    if intent["status"] == "requires_capture":
        _release(book, book.get("charge", intent["latest_charge"], "charge"))
    intent |= {
        "status": "canceled",
        "canceled_at": int(book.now),
        "cancellation_reason": call.params.get("cancellation_reason"),
        "amount_capturable": 0,
        "next_action": None,
    }
    book.save(intent)
    book.emit("payment_intent.canceled", intent)
    return book.present(intent)


@ROUTES.post("/v1/payment_intents/{intent}/capture", __CAPTURE)
def capture(call: Call, book: Book) -> Json:
    intent = _get(call, book)
    if intent["status"] != "requires_capture":
        raise unexpected_state(
            book,
            intent,
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
        )
    amount = call.params.get("amount_to_capture", intent["amount_capturable"])
    if amount > intent["amount_capturable"]:
        raise ApiError(
            400,
            f"The remaining amount to capture is {intent['amount_capturable']}; you asked for {amount}.",
            code="amount_too_large",
            param="amount_to_capture",
        )
    if "metadata" in call.params:
        intent["metadata"] = merge_metadata(intent["metadata"], call.params["metadata"])
    charge = book.get("charge", intent["latest_charge"], "charge")
    charge |= {"captured": True, "amount_captured": amount, "amount_refunded": charge["amount"] - amount}
    book.save(charge)
    intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0}
    book.save(intent)
    book.emit("charge.captured", charge)
    book.emit("payment_intent.succeeded", intent)
    settle_later(book, charge, intent)
    return book.present(intent)


def _get(call: Call, book: Book) -> Json:
    """The intent in the path; with a publishable key its client secret must be given and fit."""
    intent = book.get("payment_intent", call.path["intent"], "intent")
    secret = call.params.pop("client_secret", None)
    if secret is None and not call.has_secret_key:
        raise refused_parameter(
            "Missing required param: client_secret.", "client_secret", "parameter_missing"
        )
    if secret is not None and secret != intent["client_secret"]:
        raise ApiError(
            400,
            "The client_secret provided does not match the client_secret associated with the PaymentIntent.",
            param="client_secret",
            kept=False,
        )
    return intent


def _release(book: Book, charge: Json) -> None:
    """An authorisation that is not captured is given back; no money moved, so no balance transaction."""
    charge |= {"amount_refunded": charge["amount"], "refunded": True}
    book.save(charge)
    book.emit("charge.refunded", charge, {"amount_refunded": 0, "refunded": False})
