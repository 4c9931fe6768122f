"""Early fraud warnings: a payer's bank suspects fraud, and asks for nothing yet."""

from __future__ import annotations

from typing import Final

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.json_types import Json

WARN_TASK: Final = "early_fraud_warning"


def warn(book: Book, charge: Json, fraud_type: str = "made_with_stolen_card") -> Json:
    """The payer's bank suspects fraud, and asks for nothing yet."""
    warning = book.create(
        "radar.early_fraud_warning",
        {
            "actionable": not charge["refunded"] and not charge["disputed"],
            "charge": charge["id"],
            "fraud_type": fraud_type,
            "payment_intent": charge["payment_intent"],
        },
    )
    book.emit("radar.early_fraud_warning.created", warning)
    return warning


def warn_by_card(book: Book, charge_id: str) -> None:
    warn(book, book.get("charge", charge_id, "charge"))


def close_warnings(book: Book, charge_id: str) -> None:
    """A warning is worth acting on only until its charge is refunded in full or disputed."""
    charge = book.get("charge", charge_id, "charge")
    if not charge["refunded"] and not charge["disputed"]:
        return
    for (identifier,) in book.store.rows(
        "SELECT id FROM object WHERE kind = 'radar.early_fraud_warning' AND json_extract(body, '$.charge') = ?",
        (charge_id,),
    ):
        warning = book.get("radar.early_fraud_warning", identifier, "early_fraud_warning")
        if warning["actionable"]:
            warning["actionable"] = False
            book.save(warning)
            book.emit("radar.early_fraud_warning.updated", warning, {"actionable": True})
