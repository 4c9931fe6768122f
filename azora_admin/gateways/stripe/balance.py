"""What Stripe's own book says: its balance transactions, one for each movement of our money there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import stripe

from azora_admin.core.money import Money, from_stripe
from azora_admin.gateways.stripe.client import StripeConnection


@dataclass(frozen=True, slots=True)
class ChargeMovement:
    """A charge as it stands in Stripe's book: what came in and what Stripe kept of it."""

    id: str
    charge_id: str
    intent_id: str | None
    created_at: datetime
    amount: Money
    fee: Money


def charge_movements(connection: StripeConnection) -> Iterator[ChargeMovement]:
    """Every charge in Stripe's book, newest first, a hundred a call. Raises NoAnswer, Refused."""
    after: str | None = None
    while True:
        place = {"starting_after": after} if after else {}
        page = connection.call(
            lambda v1, place=place: v1.balance_transactions.list(  # type: ignore[misc]
                {"type": "charge", "limit": 100, "expand": ["data.source"], **place}
            )
        )
        yield from map(_shape, page.data)
        if not page.has_more:
            return
        after = page.data[-1].id


def _shape(transaction: stripe.BalanceTransaction) -> ChargeMovement:
    charge = transaction.source
    if not isinstance(charge, stripe.Charge):
        raise TypeError(f"{transaction.id} is a charge's, and came without its charge")
    intent = charge.payment_intent
    return ChargeMovement(
        id=transaction.id,
        charge_id=charge.id,
        intent_id=intent if isinstance(intent, str) or intent is None else intent.id,
        created_at=datetime.fromtimestamp(transaction.created, UTC),
        amount=from_stripe(transaction.amount, transaction.currency),
        fee=from_stripe(transaction.fee, transaction.currency),
    )
