"""A refund's life: money back at once, or pending first; success may still turn into failure later."""

from __future__ import annotations

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.errors import ApiError
from azora_admin.sandbox.stripe.fraud_warnings import close_warnings
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.movements import move

END_TASK = "refund.end"
_OPEN = ("pending", "requires_action")


def start_refund(book: Book, charge: Json, amount: int, given: Json) -> Json:
    """A refund of ``amount`` in the state that the charge's card stands for, with its events."""
    how = charge["_refund"]
    refund = book.create("refund", _shape(charge, amount, given, is_pending=how == "pending"))
    if refund["status"] == "succeeded":
        _take_from_balance(book, refund)
    if how in ("pending", "fails"):
        book.later(END_TASK, refund["id"], book.settings.refund_delay)
    _count(book, charge, amount)
    book.emit("refund.created", refund)
    return refund


def end_refund(book: Book, refund_id: str) -> None:
    """What time brings: a pending refund succeeds, one of the failing card fails."""
    refund = book.get("refund", refund_id, "refund")
    if refund["status"] == "pending":
        decide_refund(book, refund, "succeed")
    elif refund["status"] == "succeeded":
        decide_refund(book, refund, "fail")


def decide_refund(book: Book, refund: Json, outcome: str) -> None:
    """Brings the refund to ``outcome`` (succeed, fail, require_action); one that has ended badly stays so."""
    may = {"succeed": _OPEN, "fail": (*_OPEN, "succeeded"), "require_action": ("pending",)}[outcome]
    if refund["status"] not in may:
        raise ApiError(400, f"A refund that is {refund['status']} can't {outcome.replace('_', ' ')}.")
    before = {name: refund.get(name) for name in ("status", "pending_reason", "balance_transaction")}
    if outcome == "require_action":
        refund |= {"status": "requires_action", "pending_reason": None}
        _tell(book, refund, before)
    elif outcome == "succeed":
        refund |= {"status": "succeeded", "pending_reason": None}
        _take_from_balance(book, refund)
        _tell(book, refund, before)
    else:
        undo_refund(book, refund, "failed")
        book.emit("refund.failed", refund)
        _tell(book, refund, before)


def undo_refund(book: Book, refund: Json, status: str) -> None:
    """Ends the refund as failed or canceled: the charge is refundable again, money that had left returns."""
    if refund["balance_transaction"] is not None:
        returned = move(
            book,
            "refund_failure",
            source=refund["id"],
            amount=refund["amount"],
            currency=refund["currency"],
            description="REFUND FAILURE",
            is_available_at_once=True,
        )
        refund["failure_balance_transaction"] = returned["id"]
    refund |= {"status": status, "pending_reason": None}
    if status == "failed":
        refund["failure_reason"] = "expired_or_canceled_card"
    book.save(refund)
    charge = book.get("charge", refund["charge"], "charge")
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    book.save(charge)


def _tell(book: Book, refund: Json, before: Json) -> None:
    previous = {name: value for name, value in before.items() if refund.get(name) != value}
    book.save(refund)
    book.emit("refund.updated", refund, previous)
    book.emit("charge.refund.updated", refund, previous)


def _take_from_balance(book: Book, refund: Json) -> None:
    moved = move(
        book,
        "refund",
        source=refund["id"],
        amount=-refund["amount"],
        currency=refund["currency"],
        description="REFUND FOR CHARGE",
        is_available_at_once=True,
    )
    refund["balance_transaction"] = moved["id"]
    book.save(refund)


def _count(book: Book, charge: Json, amount: int) -> None:
    previous = {"amount_refunded": charge["amount_refunded"]}
    charge["amount_refunded"] += amount
    if charge["amount_refunded"] == charge["amount"]:
        previous["refunded"] = False
        charge["refunded"] = True
    book.save(charge)
    book.emit("charge.refunded", charge, previous)
    close_warnings(book, charge["id"])


def _shape(charge: Json, amount: int, given: Json, *, is_pending: bool) -> Json:
    shape: Json = {
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "metadata": {key: value for key, value in (given.get("metadata") or {}).items() if value},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": given.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if is_pending else "succeeded",
        "transfer_reversal": None,
    }
    return shape | ({"pending_reason": "processing"} if is_pending else {})
