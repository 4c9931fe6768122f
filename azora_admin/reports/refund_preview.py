"""What a refund would do, in words: the lines that will be posted, each with whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from azora_admin.core.money import Money
from azora_admin.ledger.rules import Leg
from azora_admin.reports.accounts import account_words, owner_names


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody gives back; negative."""

    name: str
    amount: Money


def lines(session: Session, legs: Sequence[Leg]) -> Sequence[Line]:
    """A line for each party of the sale, in the order of the legs; without what the payer gets. One statement."""
    names = owner_names(session, [leg.key for leg in legs])
    return [
        Line(_words(account_words(leg.key, names)), Money(leg.amount, leg.asset))
        for leg in legs
        if leg.amount < 0
    ]


def _words(account: str) -> str:
    return f"Share of {account.removeprefix('Owed to ')}" if account.startswith("Owed to ") else account
