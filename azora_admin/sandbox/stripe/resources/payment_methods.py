"""Payment methods: cards only. Magic names (``pm_card_visa`` …) work wherever an id does."""

from __future__ import annotations

import time

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.cards import BY_NUMBER, Decline, find_magic_card, passes_luhn
from azora_admin.sandbox.stripe.errors import ApiError, missing, refused_parameter
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.params import METADATA, PAGE, Group, Integer, Text, accepts, merge_metadata
from azora_admin.sandbox.stripe.payment_sources import (
    attach,
    card_error,
    get_payment_method,
    make_card_method,
)
from azora_admin.sandbox.stripe.registry import Call, Kind, Routes
from azora_admin.sandbox.stripe.shared_shapes import BILLING_DETAILS, billing_details, changes

KINDS = (Kind("payment_method", "pm", expandable=frozenset({"customer"}), filters=("customer", "type")),)
ROUTES = Routes()

_CARD = Group(
    {
        "number": Text(longest=24),
        "exp_month": Integer(),
        "exp_year": Integer(),
        "cvc": Text(longest=4),
        "token": Text(),
    }
)
_REDISPLAY = Text(choices=("always", "limited", "unspecified"))
_CREATE = accepts(
    METADATA,
    type=Text(choices=("card",)),
    card=_CARD,
    billing_details=BILLING_DETAILS,
    allow_redisplay=_REDISPLAY,
    required=("type",),
)
_UPDATE = accepts(
    METADATA,
    billing_details=BILLING_DETAILS,
    allow_redisplay=_REDISPLAY,
    card=Group({"exp_month": Integer(), "exp_year": Integer()}),
)
_LIST = accepts(PAGE, customer=Text(), type=Text())


@ROUTES.post("/v1/payment_methods", _CREATE, publishable=True)
def create(call: Call, book: Book) -> Json:
    given = call.params.get("card")
    if given is None:
        raise refused_parameter("Missing required param: card.", "card", "parameter_missing")
    return book.present(_from_token(book, call) if "token" in given else _from_number(book, call))


@ROUTES.get("/v1/payment_methods/{payment_method}", accepts())
def retrieve(call: Call, book: Book) -> Json:
    return book.present(get_payment_method(book, call.path["payment_method"], "payment_method"))


@ROUTES.post("/v1/payment_methods/{payment_method}", _UPDATE)
def update(call: Call, book: Book) -> Json:
    method = book.get("payment_method", call.path["payment_method"], "payment_method")
    if method["customer"] is None:
        raise ApiError(400, "You must save this PaymentMethod to a customer before you can update it.")
    before = book.present(method)
    for name, value in call.params.items():
        if name == "metadata":
            method["metadata"] = merge_metadata(method["metadata"], value)
        elif name == "billing_details":
            method["billing_details"] = billing_details(method["billing_details"] | value)
        elif name == "card":
            method["card"] |= value
        else:
            method[name] = value
    book.save(method)
    if previous := changes(before, method):
        book.emit("payment_method.updated", method, previous)
    return book.present(method)


@ROUTES.get("/v1/payment_methods", _LIST)
def list_all(call: Call, book: Book) -> Json:
    params = call.params
    if params.get("customer") is not None:
        book.get("customer", params["customer"], "customer")
    return list_objects(
        book,
        "payment_method",
        params,
        url="/v1/payment_methods",
        where=[("json_extract(body, '$.customer') IS NOT NULL", ())],
    )


@ROUTES.get("/v1/customers/{customer}/payment_methods", accepts(PAGE, type=Text()))
def list_of_customer(call: Call, book: Book) -> Json:
    customer = book.get("customer", call.path["customer"], "customer")["id"]
    url = f"/v1/customers/{customer}/payment_methods"
    return list_objects(book, "payment_method", call.params | {"customer": customer}, url=url)


@ROUTES.get("/v1/customers/{customer}/payment_methods/{payment_method}", accepts())
def retrieve_of_customer(call: Call, book: Book) -> Json:
    customer = book.get("customer", call.path["customer"], "customer")["id"]
    method = book.find("payment_method", call.path["payment_method"])
    if method is None or method["customer"] != customer:
        raise missing("PaymentMethod", call.path["payment_method"], "payment_method")
    return book.present(method)


@ROUTES.post("/v1/payment_methods/{payment_method}/attach", accepts(customer=Text(), required=("customer",)))
def attach_to_customer(call: Call, book: Book) -> Json:
    customer = book.get("customer", call.params["customer"], "customer")
    method = get_payment_method(book, call.path["payment_method"], "payment_method")
    attach(book, method, customer["id"])
    return book.present(method)


@ROUTES.post("/v1/payment_methods/{payment_method}/detach", accepts())
def detach(call: Call, book: Book) -> Json:
    method = book.get("payment_method", call.path["payment_method"], "payment_method")
    owner = method["customer"]
    if owner is None:
        raise ApiError(
            400, "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    method |= {"customer": None, "_used_up": True}
    book.save(method)
    book.emit("payment_method.detached", method, {"customer": owner})
    return book.present(method)


def _from_token(book: Book, call: Call) -> Json:
    token = call.params["card"]["token"]
    card = find_magic_card(token) if token.startswith("tok_") else None
    if card is None:
        raise missing("token", token, "card[token]")
    return make_card_method(book, card, given=call.params)


def _from_number(book: Book, call: Call) -> Json:
    given = call.params["card"]
    for name in ("number", "exp_month", "exp_year"):
        if name not in given:
            raise refused_parameter(
                f"Missing required param: card[{name}].", f"card[{name}]", "parameter_missing"
            )
    number = given["number"].replace(" ", "")
    if not number.isdecimal() or not number.isascii() or not passes_luhn(number):
        raise card_error(Decline("incorrect_number", None, "Your card number is incorrect.", "number"))
    _check_expiry(given["exp_month"], given["exp_year"], book.now)
    if number not in BY_NUMBER:
        message = "Your card was declined. Your request was in test mode, but used a non test card."
        raise card_error(
            Decline("card_declined", "test_mode_live_card", f"{message} See stripe.com/docs/testing.")
        )
    return make_card_method(
        book,
        BY_NUMBER[number],
        exp_month=given["exp_month"],
        exp_year=given["exp_year"],
        cvc_given="cvc" in given,
        given=call.params,
    )


def _check_expiry(month: int, year: int, now: float) -> None:
    today = time.gmtime(now)
    if not 1 <= month <= 12:
        message = "Your card's expiration month is invalid."
        raise card_error(Decline("invalid_expiry_month", None, message, "exp_month"))
    if not (today.tm_year, today.tm_mon) <= (year, month) or year > today.tm_year + 50:
        raise card_error(
            Decline("invalid_expiry_year", None, "Your card's expiration year is invalid.", "exp_year")
        )
