"""What an export sums to: per currency, by its lines and by the book; the two must say the same. Pure.

Totals of a part, or of a whole export:

    lines      what its rows sum to: count, paid (rows that were paid), gross, refunded, fee
    accounts   what the ledger's accounts sum to over the same payments, credits plus: "<kind of entry> <account>"
    book       what follows of these: paid, gross, refunded, fee

each by currency, in minor units; and of a whole export its ``file``: sha256, bytes, rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from azora_admin.core.money import Money
from azora_admin.payments.rules.returns import IN_FLIGHT

KEPT_FOR: Final = timedelta(days=7)
"""How long the file of an export can be downloaded."""
# What each total is proved by: kinds of entries, their account, and the sign with which its sum counts.
PROOFS: Final = {
    "gross": (("sale", "stripe:balance", -1),),
    "refunded": (
        ("refund_reserved", IN_FLIGHT, 1),
        ("refund_failed", IN_FLIGHT, 1),
        ("refund_failed", "stripe:balance", 1),
    ),
    "fee": (("processing_fee", "stripe:fees", -1),),
}
_NAMES: Final = ("paid", "gross", "refunded", "fee")
Sums = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class AccountSum:
    """What one account sums to over entries of one kind, credits plus; ``proves``: which of the totals."""

    kind: str
    account: str
    total: Money
    proves: str


@dataclass(frozen=True, slots=True)
class Control:
    """One currency's totals by the book. ``agrees``: the rows say the same of each.

    ``count`` rows have it, of which ``paid`` were paid; both None where an export is older than they are.
    """

    currency: str
    count: int | None
    paid: int | None
    gross: Money
    refunded: Money
    fee: Money
    accounts: Sequence[AccountSum]
    agrees: bool

    @property
    def net(self) -> Money:
        return self.gross - self.refunded - self.fee


@dataclass(frozen=True, slots=True)
class SealedFile:
    """The file as it was when it was whole. ``rows`` are its payments: the line of headings is none."""

    sha256: str
    size: int
    rows: int


def account_name(kind: str, account: str) -> str:
    """What an account's sum over entries of one kind is called in totals."""
    return f"{kind} {account}"


def book_of(accounts: Sums, paid: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """The totals that the accounts' sums prove; ``paid`` is the number of sales."""
    return {
        code: {"paid": paid.get(code, 0), **{total: _proved(total, sums) for total in PROOFS}}
        for code, sums in accounts.items()
    }


def added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The totals of two parts together."""
    result: dict[str, Any] = {}
    for side in sorted({*one, *other}):
        sums: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        for part in (one, other):
            for code, by_name in part.get(side, {}).items():
                for name, amount in by_name.items():
                    sums[code][name] += amount
        result[side] = {code: dict(sums[code]) for code in sorted(sums)}
    return result


def controls(totals: Mapping[str, Any]) -> list[Control]:
    """The book's totals per currency, each held against the rows'."""
    lines, book, accounts = (totals.get(side, {}) for side in ("lines", "book", "accounts"))
    found = []
    for code in sorted({*lines, *book}):
        ours, theirs = book.get(code, {}), lines.get(code, {})
        money = {name: Money(ours.get(name, 0), code) for name in PROOFS}
        found.append(
            Control(
                code,
                count=theirs.get("count"),
                paid=ours.get("paid"),
                **money,
                accounts=_account_sums(accounts.get(code, {}), code),
                agrees=all(theirs.get(name, 0) == ours.get(name, 0) for name in _NAMES),
            )
        )
    return found


def sealed_file(totals: Mapping[str, Any]) -> SealedFile | None:
    """The file that the totals are of; None for an export from before files were sealed."""
    told = totals.get("file")
    return SealedFile(told["sha256"], told["bytes"], told["rows"]) if told else None


def _proved(total: str, sums: Mapping[str, int]) -> int:
    return sum(sign * sums.get(account_name(kind, account), 0) for kind, account, sign in PROOFS[total])


def _account_sums(sums: Mapping[str, int], currency: str) -> list[AccountSum]:
    return [
        AccountSum(kind, account, Money(sums[name], currency), total)
        for total, proofs in PROOFS.items()
        for kind, account, _ in proofs
        if (name := account_name(kind, account)) in sums
    ]
