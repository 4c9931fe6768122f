"""A sale as ledger legs: who gets what of it, to the last cent. Pure.

Source: the split agreement frozen when the course was ordered; the platform's share is what the parties
leave of 10,000 basis points. Allocation is the ledger's (largest remainder).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from azora_admin.core.money import Money
from azora_admin.ledger.rules import Leg, allocate, credit, debit

WHOLE: Final = 10_000
# A share can be paid out once the learner can no longer ask for the money back.
REFUND_WINDOW: Final = timedelta(days=14)
RULE_VERSION: Final = "split/1"


def sale_legs(amount: Money, shares: Mapping[str, int], *, at: datetime) -> list[Leg]:
    """The legs of a sale of ``amount``: Stripe owes us all of it, each party is owed its share.

    ``shares`` maps a party ("instructor:<id>") to basis points; the rest is the platform's revenue.
    """
    parties = sorted(shares)
    weights = [shares[party] for party in parties] + [WHOLE - sum(shares.values())]
    *party_amounts, platform = allocate(amount.amount, weights)
    legs = [debit("stripe:balance", amount)]
    for party, share in zip(parties, party_amounts, strict=True):
        if share:
            legs.append(
                credit(f"{party}:payable", Money(share, amount.currency), available_at=at + REFUND_WINDOW)
            )
    if platform:
        legs.append(credit("platform:revenue", Money(platform, amount.currency)))
    return legs


def fee_legs(fee: Money) -> list[Leg]:
    """The legs of what Stripe kept: our balance there is less by it."""
    return [debit("stripe:fees", fee), credit("stripe:balance", fee)]
