"""Money that Stripe settles in another currency than it was paid in: what the exchange does to the book. Pure.

A sale, a refund and a dispute stay in the currency of the payment; Stripe's balance moves in the one that it settles
in. The exchange stands between the two: what the book moved on ``stripe:balance`` in the first currency is taken back
there, and what Stripe moved in the second is booked. In each currency ``stripe:exchange`` stands against it, so that
either sums to nought, and no rate is ever calculated with: both amounts are Stripe's own integers.
Source: docs.stripe.com/api/balance_transactions/object (``exchange_rate``), docs.stripe.com/currencies/conversions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from azora_admin.core.money import Money
from azora_admin.ledger.rules import Leg, credit, debit, without_zero

ENTRY_KIND: Final = "exchange"
RULE_VERSION: Final = "exchange/1"
ACCOUNT: Final = "stripe:exchange"
_BALANCE: Final = "stripe:balance"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One balance transaction, by its id. Both amounts are signed as our balance at Stripe is.

    ``presented``: what the book says in the currency of the payment; ``settled``: what Stripe says in another one,
    before its fee. ``rate`` is what Stripe names, for people to read: nothing is calculated with it.
    """

    id: str
    source: str
    category: str
    presented: Money
    settled: Money
    rate: Decimal | None
    at: datetime


def moves(exchange: Exchange) -> bool:
    """Whether Stripe moved money in another currency than the book has it in."""
    presented, settled = exchange.presented, exchange.settled
    return presented.currency != settled.currency and not (presented.is_zero and settled.is_zero)


def exchange_legs(exchange: Exchange) -> tuple[Leg, ...]:
    """The legs: the first currency leaves our balance at Stripe again, the second one stands there instead."""
    return without_zero((*_moved(-exchange.presented), *_moved(exchange.settled)))


def _moved(amount: Money) -> tuple[Leg, Leg]:
    """``amount`` comes to our balance at Stripe, or leaves it where it is below zero."""
    if amount.amount < 0:
        return debit(ACCOUNT, -amount), credit(_BALANCE, -amount)
    return debit(_BALANCE, amount), credit(ACCOUNT, amount)
