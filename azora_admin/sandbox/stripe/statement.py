"""Lines written straight into Stripe's book, or changed there, as no caller of the API could.

What goes wrong at Stripe, or was made before us. Nothing is told of them by an event.
"""

from __future__ import annotations

from typing import Any, Final

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.errors import refused_parameter
from azora_admin.sandbox.stripe.json_types import Json

_FIELDS: Final = frozenset(
    "id type reporting_category source amount fee currency created available_on description exchange_rate".split()
)


def write_line(book: Book, given: Json) -> Json:
    """A balance transaction as it is given; ``object`` is what its ``source`` names, if that is to be made."""
    body = dict(given)
    made = body.pop("object", None)
    _check(body, needed=("type", "source", "amount", "currency"))
    if made is not None:
        book.create(made["object"], {**made, "id": body["source"]})
    fee = body.get("fee", 0)
    line: Json = {
        "available_on": int(book.now),
        "balance_type": "payments",
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": _details(fee, body["currency"]),
        "net": body["amount"] - fee,
        "reporting_category": body["type"],
        "status": "pending",
    }
    return book.create("balance_transaction", line | body)


def change_line(book: Book, line_id: str, given: Json) -> Json:
    """Another amount, fee, currency or source; ``gone`` takes the line out of the book."""
    line = book.get("balance_transaction", line_id, "id")
    body = dict(given)
    if body.pop("gone", False):
        book.remove(line_id)
        return line
    _check(body)
    line |= body
    line |= {
        "net": line["amount"] - line["fee"],
        "fee_details": _details(line["fee"], line["currency"]),
    }
    book.save(line)
    return line


def _check(body: Json, needed: tuple[str, ...] = ()) -> None:
    wrong = [name for name in body if name not in _FIELDS] + [name for name in needed if name not in body]
    if wrong:
        raise refused_parameter(
            f"A line of the statement has no such field, or lacks it: {wrong[0]}.", wrong[0]
        )


def _details(fee: int, currency: str) -> list[Any]:
    if not fee:
        return []
    return [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
