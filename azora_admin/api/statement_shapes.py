"""An instructor's statement of a month as the API answers it; see ``shapes``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from azora_admin.api.shapes import Currency, MinorUnits, Shape, such_as
from azora_admin.core.ids import EntryId
from azora_admin.core.money import Money
from azora_admin.reports.monthly_statement import MonthLine, MonthlyStatement, Sum, Totals


class StatementLine(Shape):
    """What one entry of the ledger did to the account, and what the learner paid and Stripe took for it.

    In minor units of the statement's currency, but for the fee.
    """

    entry_id: EntryId
    kind: Annotated[str, such_as("sale")]
    about: Annotated[str | None, such_as("Watercolour for beginners")]
    """The course, or what was paid for."""
    occurred_at: datetime
    gross: MinorUnits | None
    """What the learner paid; null where nobody did."""
    fee: Money | None
    """What Stripe took, in the currency that it settles in; null where it takes nothing, or has not said yet."""
    fee_entry_id: EntryId | None
    """Where the fee is booked."""
    awaits_fee: bool
    """Whether Stripe has not said yet what it takes."""
    refunded: MinorUnits | None
    """What went back to the learner or their bank; below zero where it came again."""
    net: MinorUnits | None
    """`gross` less `fee` and `refunded`; null while the fee is awaited, or where it is in another currency."""
    share: MinorUnits
    """What it did to the account."""
    balance: MinorUnits
    """What the account holds after it."""


class StatementSum(Shape):
    """All lines of one kind."""

    kind: Annotated[str, such_as("sale")]
    count: Annotated[int, such_as(12)]
    share: MinorUnits


class StatementTotals(Shape):
    """What the columns come to."""

    gross: MinorUnits
    fees: list[Money]
    """Of each currency that Stripe took fees in."""
    awaited: Annotated[int, such_as(0)]
    """How many fees are in none of them, because Stripe has not said yet."""
    refunded: MinorUnits
    net: MinorUnits | None
    share: MinorUnits


class Statement(Shape):
    """One month of an instructor's account in one currency: `closing` is `opening` and every line's `share`."""

    month: Annotated[str, such_as("2026-07")]
    currency: Currency
    opening: MinorUnits
    lines: list[StatementLine]
    sums: list[StatementSum]
    totals: StatementTotals
    closing: MinorUnits


def statement(one: MonthlyStatement) -> Statement:
    """The very figures of the PDF and the CSV."""
    return {
        "month": f"{one.first_on:%Y-%m}",
        "currency": one.opening.currency,
        "opening": one.opening.amount,
        "lines": [_line(line) for line in one.lines],
        "sums": [_sum(each) for each in one.sums],
        "totals": _totals(one.totals),
        "closing": one.closing.amount,
    }


def _line(line: MonthLine) -> StatementLine:
    behind = line.behind
    return {
        "entry_id": line.entry_id,
        "kind": line.kind,
        "about": line.title,
        "occurred_at": line.occurred_at,
        "gross": _minor(behind.gross),
        "fee": behind.fee,
        "fee_entry_id": behind.fee_entry_id,
        "awaits_fee": behind.awaits_fee,
        "refunded": _minor(behind.refunded),
        "net": _minor(behind.net),
        "share": line.amount.amount,
        "balance": line.balance.amount,
    }


def _sum(one: Sum) -> StatementSum:
    return {"kind": one.kind, "count": one.count, "share": one.amount.amount}


def _totals(one: Totals) -> StatementTotals:
    return {
        "gross": one.gross.amount,
        "fees": list(one.fees),
        "awaited": one.awaited,
        "refunded": one.refunded.amount,
        "net": _minor(one.net),
        "share": one.share.amount,
    }


def _minor(money: Money | None) -> int | None:
    return money.amount if money else None
