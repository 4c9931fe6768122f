"""Confirming a payment intent: from a payment method to a charge, a decline, or a question to the customer."""

from __future__ import annotations

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.cards import AUTHENTICATION_NEEDED, Decline
from azora_admin.sandbox.stripe.charging import charge, decline, fail
from azora_admin.sandbox.stripe.errors import ApiError
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.payment_sources import card_of, check_usable, get_payment_method
from azora_admin.sandbox.stripe.registry import Answer, Call

CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
_FAILED_AUTHENTICATION = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)
_REFUSED = Decline("card_declined", "generic_decline", "Your card was declined.")
_DOES_WHAT = {
    "succeeded": "it has already succeeded after being previously confirmed",
    "canceled": "it has a status of canceled",
    "requires_capture": "it has already been confirmed and awaits its capture",
}


def unexpected_state(book: Book, intent: Json, message: str) -> ApiError:
    """400 ``payment_intent_unexpected_state`` with the intent as it is."""
    return ApiError(
        400, message, code="payment_intent_unexpected_state", more={"payment_intent": book.present(intent)}
    )


def confirm(book: Book, intent: Json, call: Call) -> Json | Answer:
    """The intent after this attempt, or the 402 of a decline. Raises ApiError 400 where it can't be tried."""
    given = call.params
    if intent["status"] not in CONFIRMABLE:
        why = _DOES_WHAT.get(intent["status"], f"it has a status of {intent['status']}")
        raise unexpected_state(book, intent, f"You cannot confirm this PaymentIntent because {why}.")
    identifier = given.get("payment_method") or intent["payment_method"]
    if identifier is None:
        raise unexpected_state(
            book,
            intent,
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a "
            "payment method or ConfirmationToken.",
        )
    _check_return_url(intent, call)
    method = get_payment_method(book, identifier, "payment_method")
    check_usable(method, intent["customer"])
    intent |= {"payment_method": method["id"], "_return_url": given.get("return_url"), "next_action": None}
    for name in ("setup_future_usage", "receipt_email", "capture_method"):
        if name in given:
            intent[name] = given[name]
    refused = _attempt(book, intent, method, call)
    return refused or book.present(intent)


def authenticate(book: Book, intent: Json, outcome: str) -> Answer | None:
    """The customer's answer to 3-D Secure: ``approve`` goes on to the charge, ``fail`` ends the attempt."""
    if intent["status"] != "requires_action":
        raise unexpected_state(
            book, intent, f"This PaymentIntent has a status of {intent['status']}: nothing to authenticate."
        )
    method = book.get("payment_method", intent["payment_method"], "payment_method")
    if outcome == "approve":
        return _charge(book, intent, method, authenticated=True)
    return fail(book, intent, method, _FAILED_AUTHENTICATION)


def decide_charge(book: Book, intent: Json, outcome: str) -> Answer | None:
    """What a bank that took its time comes to: ``succeed`` or ``fail``."""
    if intent["status"] != "processing":
        raise unexpected_state(
            book, intent, f"This PaymentIntent has a status of {intent['status']}: nothing to decide."
        )
    method = book.get("payment_method", intent["payment_method"], "payment_method")
    return charge(book, intent, method) if outcome == "succeed" else decline(book, intent, method, _REFUSED)


def _charge(book: Book, intent: Json, method: Json, *, authenticated: bool = False) -> Answer | None:
    if not book.settings.bank_takes_its_time:
        return charge(book, intent, method, authenticated=authenticated)
    intent |= {"status": "processing", "next_action": None, "last_payment_error": None}
    book.save(intent)
    book.emit("payment_intent.processing", intent)
    return None


def _attempt(book: Book, intent: Json, method: Json, call: Call) -> Answer | None:
    needs = card_of(method).authentication
    off_session = call.params.get("off_session") not in (None, "false")
    if needs == "required" and off_session:
        return decline(book, intent, method, AUTHENTICATION_NEEDED)
    is_set_up = off_session and method["customer"] is not None
    if needs == "none" or (needs == "off_session" and is_set_up):
        return _charge(book, intent, method)
    if call.params.get("error_on_requires_action"):
        return fail(book, intent, method, AUTHENTICATION_NEEDED)
    intent |= {"status": "requires_action", "next_action": _next_action(intent, call)}
    book.save(intent)
    book.emit("payment_intent.requires_action", intent)
    return None


def _next_action(intent: Json, call: Call) -> Json:
    url = f"{call.base_url}/hosted/authenticate/{intent['id']}?client_secret={intent['client_secret']}"
    if intent["_return_url"]:
        return {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": intent["_return_url"], "url": url},
        }
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}


def _check_return_url(intent: Json, call: Call) -> None:
    automatic = intent["automatic_payment_methods"]
    redirects = automatic is not None and automatic["enabled"] and automatic["allow_redirects"] == "always"
    told = call.params.get("return_url") or call.params.get("use_stripe_sdk")
    if redirects and call.has_secret_key and not told:
        raise ApiError(
            400,
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of "
            "these payment methods might redirect your customer off of your page, you must provide a `return_url`. "
            "If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to "
            "`true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and "
            "Payment Intents.",
            param="return_url",
            kept=False,
        )
