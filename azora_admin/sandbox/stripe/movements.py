"""Money that moves on the account's balance: one balance transaction each, integers in minor units."""

from __future__ import annotations

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.settings import settled


def move(
    book: Book,
    kind: str,
    *,
    source: str,
    amount: int,
    currency: str,
    fee: int = 0,
    fee_description: str = "Stripe processing fees",
    category: str | None = None,
    description: str | None = None,
    is_available_at_once: bool = False,
) -> Json:
    """Writes the balance transaction of ``kind``; ``amount`` is signed, ``net`` is amount less fee.

    Where the account settles in another currency, the amount is exchanged; ``fee`` is in that one already.
    ``category`` is what reports call it, where that is not its kind.
    """
    moved, held_in = settled(amount, currency, book.settings)
    details: list[Json] = []
    if fee:
        details.append(
            {
                "amount": fee,
                "application": None,
                "currency": held_in,
                "description": fee_description,
                "type": "stripe_fee",
            }
        )
    waits = 0.0 if is_available_at_once else book.settings.available_delay
    return book.create(
        "balance_transaction",
        {
            "amount": moved,
            "available_on": int(book.now + waits),
            "balance_type": "payments",
            "currency": held_in,
            "description": description,
            "exchange_rate": None if held_in == currency else book.settings.exchange_rate,
            "fee": fee,
            "fee_details": details,
            "net": moved - fee,
            "reporting_category": category or kind,
            "source": source,
            "status": "pending",
            "type": kind,
        },
    )
