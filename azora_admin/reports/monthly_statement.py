"""An instructor's statement of one month: what the account held before, each line of it, and what it holds after.

Everything is read from the legs of the account itself; a line belongs to the month in which its fact happened (UTC), as
on the earnings page. A fact that is booked later than its month changes that month's statement.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import EntryId, PersonId
from azora_admin.core.money import Money
from azora_admin.identity.queries import get_person
from azora_admin.ledger.tables import LedgerAccount as Account
from azora_admin.ledger.tables import LedgerEntry as Entry
from azora_admin.ledger.tables import LedgerLeg as Leg
from azora_admin.payments.actions.documents import seller_words
from azora_admin.payments.rules.documents import SellerWords
from azora_admin.reports.earnings import titles_of
from azora_admin.reports.statement_money import NOTHING, Behind, money_behind


@dataclass(frozen=True, slots=True)
class MonthLine:
    """One entry: what it did to the account, its balance then, and the learner's money ``behind`` it."""

    entry_id: EntryId
    kind: str
    title: str | None
    occurred_at: datetime
    behind: Behind
    amount: Money
    balance: Money


@dataclass(frozen=True, slots=True)
class Sum:
    """All lines of one kind."""

    kind: str
    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Totals:
    """All lines together. ``fees``: of each currency that Stripe settles in; ``awaited``: how many it has not told yet.

    ``net`` is None where a fee is awaited or is in another currency.
    """

    gross: Money
    refunded: Money
    fees: Sequence[Money]
    awaited: int
    net: Money | None
    share: Money


@dataclass(frozen=True, slots=True)
class MonthlyStatement:
    """``closing`` is ``opening`` and every line. ``at``: the moment as of which the books were read."""

    first_on: date
    at: datetime
    instructor: str
    email: str
    seller: SellerWords
    opening: Money
    lines: Sequence[MonthLine]
    closing: Money

    @property
    def sums(self) -> Sequence[Sum]:
        """The lines by kind, in the order in which they first occur."""
        found: dict[str, Sum] = {}
        for line in self.lines:
            so_far = found.get(line.kind, Sum(line.kind, 0, Money.zero(line.amount.currency)))
            found[line.kind] = Sum(line.kind, so_far.count + 1, so_far.amount + line.amount)
        return list(found.values())

    @property
    def totals(self) -> Totals:
        """What the columns come to."""
        nothing = Money.zero(self.opening.currency)
        gross, refunded, fees = nothing, nothing, dict[str, Money]()
        for behind in (line.behind for line in self.lines):
            gross += behind.gross or nothing
            refunded += behind.refunded or nothing
            if behind.fee:
                fees[behind.fee.currency] = (
                    fees.get(behind.fee.currency, Money.zero(behind.fee.currency)) + behind.fee
                )
        awaited = sum(line.behind.awaits_fee for line in self.lines)
        fee = fees.get(nothing.currency, nothing)
        is_whole = not awaited and fees.keys() <= {nothing.currency}
        return Totals(
            gross=gross,
            refunded=refunded,
            fees=list(fees.values()) or [nothing],
            awaited=awaited,
            net=gross - refunded - fee if is_whole else None,
            share=self.closing - self.opening,
        )


def month_called(text: str) -> date:
    """The first day of the month written ``2026-11``. Raises NotFound."""
    found = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", text)
    if found is None:
        raise NotFound("statement_not_found", "A month is written like 2026-11.")
    return date(int(found[1]), int(found[2]), 1)


def month_after(first_on: date) -> date:
    """The first day of the next month."""
    return date(first_on.year + first_on.month // 12, first_on.month % 12 + 1, 1)


def monthly_statement(
    session: Session, *, instructor_id: PersonId, currency: str, first_on: date, now: datetime
) -> MonthlyStatement:
    """The month that begins ``first_on``, in one currency. Seven statements; use a snapshot.

    Raises NotFound for a month that has not begun.
    """
    if first_on > now.astimezone(UTC).date():
        raise NotFound("statement_not_found", "This month has not begun.")
    person = get_person(session, instructor_id)
    account = (Account.key == f"instructor:{instructor_id}:payable", Account.asset == currency)
    begin, end = _midnight(first_on), _midnight(month_after(first_on))
    opening = Money(_sum(session, *account, Entry.occurred_at < begin), currency)
    rows = session.execute(
        select(Entry.id, Entry.kind, Entry.reference, Entry.occurred_at, func.sum(Leg.amount).label("amount"))
        .join(Leg, Leg.entry_id == Entry.id)
        .join(Account, Account.id == Leg.account_id)
        .where(*account, Entry.occurred_at >= begin, Entry.occurred_at < end)
        .group_by(Entry.id, Entry.kind, Entry.reference, Entry.occurred_at, Entry.number)
        .order_by(Entry.occurred_at, Entry.number)
    ).all()
    lines = _lines(session, rows, opening)
    return MonthlyStatement(
        first_on=first_on,
        at=now,
        instructor=person.name,
        email=person.email,
        seller=seller_words(session),
        opening=opening,
        lines=lines,
        closing=lines[-1].balance if lines else opening,
    )


def _lines(session: Session, rows: Sequence[Row[*tuple[Any, ...]]], opening: Money) -> Sequence[MonthLine]:
    titles = titles_of(session, [(row.kind, row.reference) for row in rows])
    behind = money_behind(session, rows)
    balance, lines = opening, []
    for row in rows:
        amount = Money(int(row.amount), opening.currency)
        balance += amount
        lines.append(
            MonthLine(
                entry_id=EntryId(row.id),
                kind=row.kind,
                title=titles.get(row.reference),
                occurred_at=row.occurred_at,
                behind=behind.get((row.kind, row.reference), NOTHING),
                amount=amount,
                balance=balance,
            )
        )
    return lines


def _sum(session: Session, *conditions: ColumnElement[bool]) -> int:
    statement = (
        select(func.coalesce(func.sum(Leg.amount), 0))
        .join(Entry, Entry.id == Leg.entry_id)
        .join(Account, Account.id == Leg.account_id)
        .where(*conditions)
    )
    return int(session.scalar(statement) or 0)


def _midnight(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=UTC)
