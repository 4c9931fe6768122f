"""One attempt to charge a card: the charge, what becomes of its intent, and the events of both."""

from __future__ import annotations

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.cards import Card, Decline
from azora_admin.sandbox.stripe.disputing import OPEN_TASK
from azora_admin.sandbox.stripe.errors import error_body
from azora_admin.sandbox.stripe.fraud_warnings import WARN_TASK
from azora_admin.sandbox.stripe.identifiers import new_identifier
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.payment_sources import attach, card_of
from azora_admin.sandbox.stripe.registry import Answer

BALANCE_TASK = "charge.balance_transaction"


def charge(book: Book, intent: Json, method: Json, *, authenticated: bool = False) -> Answer | None:
    """Charges ``method`` for ``intent``; None when it went well, else the 402 that stands with its charge."""
    card = card_of(method)
    if method["customer"] is None:
        method["_used_up"] = True
        book.save(method)
    if card.decline is not None:
        return decline(book, intent, method, card.decline)
    captured = intent["capture_method"] != "manual"
    charged = book.create(
        "charge", _charge_shape(intent, method, card, captured=captured, authenticated=authenticated)
    )
    intent |= {
        "status": "succeeded" if captured else "requires_capture",
        "amount_received": intent["amount"] if captured else 0,
        "amount_capturable": 0 if captured else intent["amount"],
        "latest_charge": charged["id"],
        "last_payment_error": None,
        "next_action": None,
    }
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        method["_used_up"] = False
        attach(book, method, intent["customer"])
    book.save(intent)
    book.emit("charge.succeeded", charged)
    if captured:
        book.emit("payment_intent.succeeded", intent)
        settle_later(book, charged, intent)
        _dispute_later(book, charged)
    else:
        book.emit("payment_intent.amount_capturable_updated", intent)
    return None


def settle_later(book: Book, charged: Json, intent: Json) -> None:
    """Plans the charge's balance transaction: at once for capture_method ``automatic``, else a little later."""
    if intent["capture_method"] == "automatic":
        book.registry.later[BALANCE_TASK](book, charged["id"])
    else:
        book.later(BALANCE_TASK, charged["id"], book.settings.balance_transaction_delay)


def _dispute_later(book: Book, charged: Json) -> None:
    """What the card stands for comes after the charge's balance transaction."""
    delay = book.settings.balance_transaction_delay + book.settings.dispute_delay
    tasks = {"never": (), "warning": (WARN_TASK,), "twice": (OPEN_TASK, OPEN_TASK)}
    for task in tasks.get(charged["_dispute"], (OPEN_TASK,)):
        book.later(task, charged["id"], delay)


def decline(book: Book, intent: Json, method: Json, why: Decline) -> Answer:
    """Writes the failed charge, takes the intent back to requires_payment_method, and answers 402."""
    charged = book.create("charge", _failed_shape(intent, method, why))
    return fail(book, intent, method, why, charge_id=charged["id"], charged=charged)


def fail(
    book: Book,
    intent: Json,
    method: Json,
    why: Decline,
    *,
    charge_id: str | None = None,
    charged: Json | None = None,
) -> Answer:
    """The intent without success, with or without a charge: its error, its events, the 402 answer."""
    more: Json = {"decline_code": why.decline_code} if why.decline_code else {}
    if charge_id:
        more["charge"] = charge_id
    shown = book.present(method)
    error = error_body(why.message, kind="card_error", code=why.code, param=why.param, more=more)
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "latest_charge": charge_id or intent["latest_charge"],
        "last_payment_error": error | {"payment_method": shown},
        "next_action": None,
    }
    book.save(intent)
    if charged is not None:
        book.emit("charge.failed", charged)
    book.emit("payment_intent.payment_failed", intent)
    full = error | {"payment_intent": book.present(intent), "payment_method": shown}
    return Answer(402, {"error": full})


def _charge_shape(intent: Json, method: Json, card: Card, *, captured: bool, authenticated: bool) -> Json:
    amount = intent["amount"]
    identifier = new_identifier("ch")
    return {
        "id": identifier,
        "amount": amount,
        "amount_captured": amount if captured else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": intent["statement_descriptor"] or "AZORA",
        "captured": captured,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": _outcome(None),
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": _details(method, amount, captured=captured, authenticated=authenticated),
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": f"https://pay.stripe.com/receipts/payment/{identifier}",
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source_transfer": None,
        "statement_descriptor": intent["statement_descriptor"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
        "_refund": card.refund,
        "_dispute": card.dispute,
        "_available_at_once": card.is_available_at_once,
    }


def _failed_shape(intent: Json, method: Json, why: Decline) -> Json:
    base = _charge_shape(intent, method, card_of(method), captured=False, authenticated=False)
    return base | {
        "failure_code": why.code,
        "failure_message": why.message,
        "outcome": _outcome(why),
        "paid": False,
        "receipt_url": None,
        "status": "failed",
    }


def _outcome(why: Decline | None) -> Json:
    if why is None:
        verdict = {
            "network_status": "approved_by_network",
            "reason": None,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    elif why.risk:
        verdict = {
            "network_status": "not_sent_to_network",
            "reason": "highest_risk_level",
            "seller_message": "Stripe blocked this payment as too risky.",
            "type": "blocked",
        }
    else:
        verdict = {
            "network_status": "declined_by_network",
            "reason": why.decline_code or why.code,
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        }
    return verdict | {
        "advice_code": "try_again_later" if why and why.decline_code == "insufficient_funds" else None,
        "network_advice_code": None,
        "network_decline_code": None if why is None or why.risk else "05",
        "risk_level": "highest" if why and why.risk else "normal",
        "risk_score": 90 if why and why.risk else 20,
    }


def _details(method: Json, amount: int, *, captured: bool, authenticated: bool) -> Json:
    card = method["card"]
    secure: Json | None = None
    if authenticated:
        secure = {
            "authentication_flow": "challenge",
            "electronic_commerce_indicator": "05",
            "exemption_indicator": None,
            "result": "authenticated",
            "result_reason": None,
            "transaction_id": None,
            "version": "2.2.0",
        }
    return {
        "card": {
            "amount_authorized": amount,
            "authorization_code": None,
            "brand": card["brand"],
            "checks": card["checks"],
            "country": card["country"],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "extended_authorization": {"status": "disabled"},
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "last4": card["last4"],
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": card["brand"],
            "network_token": {"used": False},
            "network_transaction_id": None if not captured else method["id"][-15:],
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "regulated_status": card["regulated_status"],
            "three_d_secure": secure,
            "wallet": None,
        },
        "type": "card",
    }
