"""A movement: all that one object of Stripe's (a charge, a refund, a dispute) did to our balance there, on both sides.

Stripe's side is the sum of its balance transactions, ours the sum of the legs on ``stripe:balance`` and ``stripe:fees``
of the entries that name the same object. The two are matched by (source, category), never by day or amount.
Source of the types: docs.stripe.com/reports/balance-transaction-types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from azora_admin.core.money import Money

# What the book has entries for; anything else of Stripe's is for a person to look at.
BOOKED: Final = ("charge", "refund", "refund_failure", "dispute", "dispute_reversal")
# An entry of ours that names no object of Stripe's: its own id is its source.
ENTRY: Final = "entry"
# What Stripe bills on the balance itself: its amount is a fee.
BILLED: Final = ("stripe_fee", "tax_fee", "network_cost")
_CATEGORIES: Final = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
    "payment_failure_refund": "refund_failure",
}
_ADJUSTMENTS: Final = frozenset({"dispute", "dispute_reversal"})


@dataclass(frozen=True, slots=True)
class Sum:
    """What one side says of one currency, in minor units: ``gross`` before Stripe's ``fee``; signed as our balance is.

    ``count``: the transactions or entries that move the gross.
    """

    currency: str
    gross: int
    fee: int
    count: int = 1

    @property
    def is_nothing(self) -> bool:
        return not (self.gross or self.fee)


@dataclass(frozen=True, slots=True)
class Movement:
    """Both sides of one object. ``began_at`` is when the first of it happened, at Stripe or else by the book.

    ``is_readable`` is False where Stripe's amount can't be a Money; ``has_twin``: another refund of the same charge and
    amount stands in Stripe's statement.
    """

    source: str
    category: str
    theirs: tuple[Sum, ...]
    ours: tuple[Sum, ...]
    began_at: datetime
    is_readable: bool = True
    has_twin: bool = False

    @property
    def currencies(self) -> list[str]:
        return sorted({one.currency for one in (*self.theirs, *self.ours)})


def category_of(type_: str, reporting_category: str) -> str:
    """What a balance transaction of ``type_`` is matched as. An adjustment is what its reporting category says."""
    if type_ == "adjustment" and reporting_category in _ADJUSTMENTS:
        return reporting_category
    return _CATEGORIES.get(type_, type_)


def of(side: Sequence[Sum], currency: str) -> Sum:
    """What the side says of ``currency``, which may be nothing."""
    return next((one for one in side if one.currency == currency), Sum(currency, 0, 0, 0))


def as_json(side: Sequence[Sum]) -> list[dict[str, Any]]:
    """The side as it is stored."""
    return [
        {"currency": one.currency, "gross": one.gross, "fee": one.fee, "count": one.count}
        for one in sorted(side, key=lambda one: one.currency)
    ]


def from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[Sum, ...]:
    """A side as it was stored."""
    return tuple(Sum(one["currency"], one["gross"], one["fee"], one["count"]) for one in stored)


def money_of(side: Sequence[Sum]) -> list[tuple[Money, Money]]:
    """Gross and fee of each currency."""
    return [(Money(one.gross, one.currency), Money(one.fee, one.currency)) for one in side]
