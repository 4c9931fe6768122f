"""Payment methods as other resources use them: made from a magic name, attached, checked before a charge."""

from __future__ import annotations

import hashlib

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.cards import BY_NUMBER, Card, Decline, find_magic_card
from azora_admin.sandbox.stripe.errors import ApiError, missing
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.shared_shapes import billing_details

_MAY_NOT_BE_USED = (
    "This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, "
    "and may not be used again."
)


def make_card_method(
    book: Book,
    card: Card,
    *,
    exp_month: int = 12,
    exp_year: int = 2034,
    cvc_given: bool = True,
    given: Json | None = None,
) -> Json:
    """A new payment method of a test card; ``given`` are the parameters of its creation."""
    known = given or {}
    return book.create(
        "payment_method",
        {
            "allow_redisplay": known.get("allow_redisplay", "unspecified"),
            "billing_details": billing_details(known.get("billing_details")),
            "card": card_shape(card, exp_month=exp_month, exp_year=exp_year, cvc_given=cvc_given),
            "customer": None,
            "customer_account": None,
            "metadata": {key: value for key, value in (known.get("metadata") or {}).items() if value},
            "type": "card",
            "_number": card.number,
            "_used_up": False,
        },
    )


def card_shape(card: Card, *, exp_month: int, exp_year: int, cvc_given: bool) -> Json:
    checks: Json = {
        "address_line1_check": None,
        "address_postal_code_check": None,
        "cvc_check": "pass" if cvc_given else None,
    }
    return {
        "brand": card.brand,
        "checks": checks | card.checks,
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": exp_month,
        "exp_year": exp_year,
        "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
        "funding": card.funding,
        "generated_from": None,
        "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def card_of(method: Json) -> Card:
    return BY_NUMBER[method["_number"]]


def get_payment_method(book: Book, identifier: str, param: str) -> Json:
    """The payment method, made now if ``identifier`` is a magic name. Raises ApiError 404 naming ``param``."""
    if card := find_magic_card(identifier):
        return make_card_method(book, card)
    found = book.find("payment_method", identifier)
    if found is None:
        raise missing("PaymentMethod", identifier, param)
    return found


def attach(book: Book, method: Json, customer: str) -> None:
    """Attaches; raises ApiError for a used up or declining card, or one that another customer has."""
    if method["customer"] == customer:
        return
    if method["customer"] is not None:
        raise ApiError(
            400,
            "The payment method you provided has already been attached to a customer.",
            param="payment_method",
        )
    if method["_used_up"]:
        raise ApiError(400, _MAY_NOT_BE_USED, param="payment_method")
    card = card_of(method)
    if card.decline is not None and not card.attaches:
        raise card_error(card.decline)
    method["customer"] = customer
    book.save(method)
    book.emit("payment_method.attached", method)


def check_usable(method: Json, customer: str | None) -> None:
    """Raises ApiError 400 unless an intent of ``customer`` may charge ``method``."""
    if method["_used_up"]:
        raise ApiError(
            400,
            "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared "
            "with a connected account without Customer attachment, or was detached from a Customer. It may not be "
            "used again. To use a PaymentMethod multiple times, you must attach it to a Customer first.",
            param="payment_method",
        )
    if method["customer"] is not None and method["customer"] != customer:
        whose = (
            "The PaymentMethod does not belong to the Customer you supplied"
            if customer
            else f"The PaymentMethod {method['id']} belongs to the Customer {method['customer']}"
        )
        raise ApiError(
            400, f"{whose}. Please include the Customer that it belongs to.", param="payment_method"
        )


def card_error(decline: Decline) -> ApiError:
    """402 where no payment intent is involved."""
    more = {"decline_code": decline.decline_code} if decline.decline_code else None
    return ApiError(
        402, decline.message, kind="card_error", code=decline.code, param=decline.param, more=more
    )
