"""Confirming a setup intent: from a payment method to one that its customer has, a decline, or a question."""

from __future__ import annotations

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.cards import Decline
from azora_admin.sandbox.stripe.errors import ApiError, error_body
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.payment_sources import attach, card_of, check_usable, get_payment_method
from azora_admin.sandbox.stripe.registry import Answer, Call

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_FAILED_AUTHENTICATION = Decline(
    "setup_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)


def unexpected_state(book: Book, intent: Json, message: str) -> ApiError:
    """400 ``setup_intent_unexpected_state`` with the intent as it is."""
    return ApiError(
        400, message, code="setup_intent_unexpected_state", more={"setup_intent": book.present(intent)}
    )


def confirm_setup(book: Book, intent: Json, call: Call) -> Json | Answer:
    """The intent after this attempt, or the 402 of a decline. Raises ApiError 400 where it can't be tried."""
    if intent["status"] not in CONFIRMABLE:
        raise unexpected_state(
            book,
            intent,
            f"You cannot confirm this SetupIntent because it has a status of {intent['status']}.",
        )
    identifier = call.params.get("payment_method") or intent["payment_method"]
    if identifier is None:
        raise unexpected_state(
            book, intent, "You cannot confirm this SetupIntent because it's missing a payment method."
        )
    method = get_payment_method(book, identifier, "payment_method")
    check_usable(method, intent["customer"])
    intent |= {
        "payment_method": method["id"],
        "_return_url": call.params.get("return_url"),
        "next_action": None,
    }
    if card_of(method).authentication != "none":
        intent |= {"status": "requires_action", "next_action": _next_action(intent, call)}
        book.save(intent)
        book.emit("setup_intent.requires_action", intent)
        return book.present(intent)
    return _finish(book, intent, method) or book.present(intent)


def authenticate_setup(book: Book, intent: Json, outcome: str) -> Answer | None:
    """The customer's answer to 3-D Secure: ``approve`` saves the method, ``fail`` ends the attempt."""
    if intent["status"] != "requires_action":
        raise unexpected_state(
            book, intent, f"This SetupIntent has a status of {intent['status']}: nothing to authenticate."
        )
    method = book.get("payment_method", intent["payment_method"], "payment_method")
    if outcome == "approve":
        return _finish(book, intent, method)
    return _fail(book, intent, method, _FAILED_AUTHENTICATION)


def _finish(book: Book, intent: Json, method: Json) -> Answer | None:
    card = card_of(method)
    if card.decline is not None and not card.attaches:
        return _fail(book, intent, method, card.decline)
    if intent["customer"]:
        attach(book, method, intent["customer"])
    intent |= {"status": "succeeded", "next_action": None, "last_setup_error": None}
    book.save(intent)
    book.emit("setup_intent.succeeded", intent)
    return None


def _fail(book: Book, intent: Json, method: Json, why: Decline) -> Answer:
    more: Json = {"decline_code": why.decline_code} if why.decline_code else {}
    shown = book.present(method)
    error = error_body(why.message, kind="card_error", code=why.code, param=why.param, more=more)
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_setup_error": error | {"payment_method": shown},
        "next_action": None,
    }
    book.save(intent)
    book.emit("setup_intent.setup_failed", intent)
    full = error | {"setup_intent": book.present(intent), "payment_method": shown}
    return Answer(402, {"error": full})


def _next_action(intent: Json, call: Call) -> Json:
    url = f"{call.base_url}/hosted/authenticate/{intent['id']}?client_secret={intent['client_secret']}"
    if intent["_return_url"]:
        return {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": intent["_return_url"], "url": url},
        }
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}
