"""The book's arithmetic, without a database: accounts, legs, entries and shares without a lost cent."""

from azora_admin.ledger.rules.accounts import (
    ACCOUNT_KINDS,
    PAYOUT_KIND,
    AccountKind,
    Side,
    kind_of,
)
from azora_admin.ledger.rules.allocation import WHOLE, allocate, cumulative_allocate
from azora_admin.ledger.rules.entries import (
    ENTRY_KINDS,
    Amount,
    BadEntry,
    Entry,
    Leg,
    asset_of,
    credit,
    debit,
    legs_hash,
    without_zero,
)

__all__ = [
    "ACCOUNT_KINDS",
    "ENTRY_KINDS",
    "PAYOUT_KIND",
    "WHOLE",
    "AccountKind",
    "Amount",
    "BadEntry",
    "Entry",
    "Leg",
    "Side",
    "allocate",
    "asset_of",
    "credit",
    "cumulative_allocate",
    "debit",
    "kind_of",
    "legs_hash",
    "without_zero",
]
