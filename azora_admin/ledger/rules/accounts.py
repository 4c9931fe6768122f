"""Every kind of account on one screen: whose it is, its normal side, its floor, and whether it is hot.

Amounts are stored credit-positive. A balance "in the account's own sense" is that sum times ``side``: what Stripe
holds for us reads +49.00 although its legs are debits. A hot account (the platform's own, part of every posting)
has no balance row: one row would make every sale wait for the one before. The same table is in the database
(``ledger_account_kind``, migrations 0003, 0027 and 0034), which refuses a key that none of these patterns knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final, Literal

PAYOUT_KIND: Final = "payout_reserved"
"""Entries of this kind may take no account below zero, though an instructor's balance may be there already."""

_ID: Final = "[0-9A-Za-z_-]+"


class Side(IntEnum):
    """The side on which an account grows, as the sign of a credit-positive sum."""

    DEBIT = -1
    CREDIT = 1


@dataclass(frozen=True, slots=True)
class AccountKind:
    """What is true of every account whose key matches ``pattern``. ``floor`` is in minor units or tokens."""

    name: str
    pattern: str
    unit: Literal["money", "token"]
    side: Side
    floor: int | None
    hot: bool

    def holds(self, asset: str) -> bool:
        """Whether an account of this kind may be kept in ``asset``."""
        return (
            asset == "azr" if self.unit == "token" else asset != "azr" and len(asset) == 3 and asset.isalpha()
        )


def _platform(name: str, key: str, unit: Literal["money", "token"], side: Side) -> AccountKind:
    return AccountKind(name, f"^{key}$", unit, side, None, hot=True)


def _owed(name: str, key: str, unit: Literal["money", "token"], floor: int | None) -> AccountKind:
    return AccountKind(name, f"^{key.replace('<id>', _ID)}$", unit, Side.CREDIT, floor, hot=False)


ACCOUNT_KINDS: Final = (
    _platform("stripe_balance", "stripe:balance", "money", Side.DEBIT),
    _platform("stripe_disputed", "stripe:disputed", "money", Side.DEBIT),
    _platform("stripe_exchange", "stripe:exchange", "money", Side.DEBIT),
    _platform("stripe_fees", "stripe:fees", "money", Side.DEBIT),
    _platform("bank_balance", "bank:balance", "money", Side.DEBIT),
    _platform("platform_revenue", "platform:revenue", "money", Side.CREDIT),
    _platform("platform_adjustments", "platform:adjustments", "money", Side.CREDIT),
    _platform("tax_payable", "tax:payable", "money", Side.CREDIT),
    _owed("instructor_payable", "instructor:<id>:payable", "money", None),
    _owed("instructor_in_payout", "instructor:<id>:in_payout", "money", 0),
    _owed("refund_in_flight", "payment:<id>:refund_in_flight", "money", 0),
    _owed("dispute_withheld", "dispute:<id>:withheld", "money", 0),
    _platform("token_issued", "token:issued", "token", Side.DEBIT),
    _platform("token_redeemed", "token:redeemed", "token", Side.CREDIT),
    _platform("token_settled", "token:settled", "token", Side.CREDIT),
    _owed("learner_tokens", "learner:<id>:tokens", "token", 0),
    _owed("learner_tokens_held", "learner:<id>:tokens_held", "token", 0),
    _owed("campaign_budget", "campaign:<id>:budget", "token", 0),
)


@lru_cache(maxsize=4096)
def kind_of(key: str) -> AccountKind:
    """The kind of the account called ``key``. Raises ValueError for a key outside the table."""
    for kind in ACCOUNT_KINDS:
        if re.fullmatch(kind.pattern, key):
            return kind
    raise ValueError(f"{key!r} is no account of this book")
