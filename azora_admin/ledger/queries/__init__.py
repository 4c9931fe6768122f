"""Reading the book. Every figure is exact at the instant it is read, and none needs the whole book."""

from azora_admin.ledger.queries.balances import Availability, available_and_pending, balance, balance_as_of
from azora_admin.ledger.queries.entries import (
    BookedEntry,
    BookedLeg,
    entries_for_reference,
    entries_of_kind,
    find_entry,
)
from azora_admin.ledger.queries.proofs import Difference, differences, prove
from azora_admin.ledger.queries.statements import StatementLine, statement
from azora_admin.ledger.queries.trial import TrialBalance, TrialLine, trial_balance

__all__ = [
    "Availability",
    "BookedEntry",
    "BookedLeg",
    "Difference",
    "StatementLine",
    "TrialBalance",
    "TrialLine",
    "available_and_pending",
    "balance",
    "balance_as_of",
    "differences",
    "entries_for_reference",
    "entries_of_kind",
    "find_entry",
    "prove",
    "statement",
    "trial_balance",
]
