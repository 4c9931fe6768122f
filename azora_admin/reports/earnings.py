"""What an instructor earned, month by month and line by line, and where a learner's 100 goes.

Everything is read from the legs of the instructor's own account, one currency at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Date, Text, and_, cast, func, select, union_all
from sqlalchemy.orm import Session

from azora_admin.core.ids import EntryId, PersonId
from azora_admin.core.money import Money, exponent
from azora_admin.core.paging import Cursor, Page
from azora_admin.ledger.queries.statements import statement
from azora_admin.ledger.tables import LedgerAccount as Account
from azora_admin.ledger.tables import LedgerEntry as Entry
from azora_admin.ledger.tables import LedgerLeg as Leg
from azora_admin.marketplace.tables import Course
from azora_admin.payments.tables import Dispute, DisputeMovement, Payment, Refund
from azora_admin.reports.entries import OF_MOVEMENTS, OF_REFUNDS
from azora_admin.reports.figures import Change, change_of
from azora_admin.reports.instructor_balance import instructor_balance

MONTHS: Final = 12
DEFAULT_CURRENCY: Final = "usd"


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month's earnings and sales."""

    first_on: date
    earned: Money
    sales: int


@dataclass(frozen=True, slots=True)
class Part:
    """One party's part of what learners paid: all of it, and of each hundred."""

    name: str
    amount: Money
    of_hundred: Money


@dataclass(frozen=True, slots=True)
class Division:
    """Where the learners' money went in the last twelve months. The parts sum to ``gross``, and to a hundred."""

    gross: Money
    hundred: Money
    parts: Sequence[Part]

    @property
    def instructor(self) -> Money:
        return self.parts[0].amount

    @property
    def values(self) -> Sequence[int]:
        return [part.amount.amount for part in self.parts]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What one entry did to the instructor's account, and the balance after it."""

    entry_id: EntryId
    kind: str
    title: str | None
    amount: Money
    balance: Money
    occurred_at: datetime
    available_at: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The figures at the top: this month, twelve months, what may be paid out and what may not yet."""

    currency: str
    currencies: tuple[str, ...]
    this_month: Money
    sales_this_month: int
    year: Money
    change: Change | None
    available: Money
    pending: Money

    @property
    def owes(self) -> bool:
        """Whether refunds took back more than was available: the next sales settle it."""
        return self.available.amount < 0

    @property
    def is_main(self) -> bool:
        """Whether this is the currency that the page shows when none is asked for."""
        return self.currencies[:1] in ((), (self.currency,))


@dataclass(frozen=True, slots=True)
class Earnings:
    """Everything that the earnings page shows."""

    at: datetime
    standing: Standing
    months: Sequence[Month]
    division: Division
    statement: Page[StatementLine]


def earnings(
    session: Session,
    *,
    instructor_id: PersonId,
    now: datetime,
    currency: str | None,
    limit: int,
    cursor: Cursor | None,
) -> Earnings:
    """The instructor's page in ``currency``, or the one sold in most. Six statements; use a snapshot."""
    now_standing, months = standing(session, instructor_id=instructor_id, now=now, currency=currency)
    chosen = now_standing.currency
    key = _key(instructor_id)
    return Earnings(
        at=now,
        standing=now_standing,
        months=months,
        division=_division(session, key, chosen, since=_midnight(months[0].first_on)),
        statement=_statement(session, key, chosen, limit=limit, cursor=cursor),
    )


def standing(
    session: Session, *, instructor_id: PersonId, now: datetime, currency: str | None
) -> tuple[Standing, Sequence[Month]]:
    """The instructor's figures and the last twelve months. Two statements."""
    balances = instructor_balance(session, instructor_id=instructor_id, at=now)
    by_sales = tuple(one.total.currency for one in sorted(balances, key=lambda one: -one.sales))
    chosen = currency if currency in by_sales else (by_sales or (DEFAULT_CURRENCY,))[0]
    zero = Money.zero(chosen)
    mine = next((one for one in balances if one.total.currency == chosen), None)
    months = _months(session, _key(instructor_id), chosen, now=now)
    earlier, last = months[:MONTHS], months[MONTHS:]
    year, year_before = (sum(month.earned.amount for month in part) for part in (last, earlier))
    figures = Standing(
        currency=chosen,
        currencies=by_sales,
        this_month=last[-1].earned,
        sales_this_month=last[-1].sales,
        year=Money(year, chosen),
        change=change_of(year, year_before),
        available=mine.available if mine else zero,
        pending=mine.pending if mine else zero,
    )
    return figures, last


def _months(session: Session, key: str, currency: str, *, now: datetime) -> Sequence[Month]:
    """Twice twelve months up to ``now``, every one of them, sold in or not."""
    firsts = [_month_before(now.date().replace(day=1), count) for count in range(2 * MONTHS - 1, -1, -1)]
    month = cast(func.date_trunc("month", Entry.occurred_at), Date)
    rows = session.execute(
        select(
            month.label("first_on"),
            func.sum(Leg.amount).label("earned"),
            func.count().filter(Entry.kind == "sale").label("sales"),
        )
        .join(Entry, Entry.id == Leg.entry_id)
        .join(Account, Account.id == Leg.account_id)
        .where(Account.key == key, Account.asset == currency, Entry.occurred_at >= _midnight(firsts[0]))
        .group_by(month)
    ).all()
    found = {row.first_on: row for row in rows}
    return [
        Month(first, Money(int(found[first].earned), currency), found[first].sales)
        if first in found
        else Month(first, Money.zero(currency), 0)
        for first in firsts
    ]


def _division(session: Session, key: str, currency: str, *, since: datetime) -> Division:
    """The sums of every sale that the instructor has a part of, and of its processing fee."""
    mine = (
        select(Entry.reference)
        .join(Leg, Leg.entry_id == Entry.id)
        .join(Account, Account.id == Leg.account_id)
        .where(
            Account.key == key, Account.asset == currency, Entry.kind == "sale", Entry.occurred_at >= since
        )
    )
    is_sale = Entry.kind == "sale"
    gross = func.sum(-Leg.amount).filter(and_(is_sale, Account.kind == "stripe_balance"))
    own = func.sum(Leg.amount).filter(and_(is_sale, Account.key == key))
    platform = func.sum(Leg.amount).filter(and_(is_sale, Account.kind == "platform_revenue"))
    fees = func.sum(-Leg.amount).filter(Account.kind == "stripe_fees")
    row = session.execute(
        select(*(func.coalesce(figure, 0) for figure in (gross, own, platform, fees)))
        .select_from(Leg)
        .join(Entry, Entry.id == Leg.entry_id)
        .join(Account, Account.id == Leg.account_id)
        .where(Entry.kind.in_(("sale", "processing_fee")), Entry.reference.in_(mine), Leg.asset == currency)
    ).one()
    paid, share, revenue, fee = (int(figure) for figure in row)
    amounts = {"You": share, "Azora platform": revenue - fee, "Card processing": fee}
    others = paid - share - revenue
    return divide(paid, amounts | ({"Others": others} if others else {}), currency)


def divide(gross: int, amounts: Mapping[str, int], currency: str) -> Division:
    """``amounts`` with what each is of a hundred: floored, the units left over to the largest remainders."""
    hundred = 100 * 10 ** exponent(currency)
    scaled = [divmod(amount * hundred, max(gross, 1)) for amount in amounts.values()]
    left = hundred - sum(whole for whole, _ in scaled) if gross else 0
    lucky = set(sorted(range(len(scaled)), key=lambda place: -scaled[place][1])[:left])
    parts = [
        Part(name, Money(amount, currency), Money(scaled[place][0] + (place in lucky), currency))
        for place, (name, amount) in enumerate(amounts.items())
    ]
    return Division(Money(gross, currency), Money(hundred, currency), parts)


def _statement(
    session: Session, key: str, currency: str, *, limit: int, cursor: Cursor | None
) -> Page[StatementLine]:
    page = statement(session, key, currency, cursor, limit)
    titles = titles_of(session, [(line.kind, line.reference) for line in page.items])
    lines = [
        StatementLine(
            entry_id=line.entry_id,
            kind=line.kind,
            title=titles.get(line.reference),
            amount=Money(line.amount, currency),
            balance=Money(line.balance, currency),
            occurred_at=line.occurred_at,
            available_at=line.available_at,
        )
        for line in page.items
    ]
    return Page(lines, page.next_cursor, page.previous_cursor)


def titles_of(session: Session, facts: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The course of every sale, refund and dispute among ``facts`` (kind and reference), by its reference."""
    references = [UUID(reference) for kind, reference in facts if kind in ("sale", *OF_REFUNDS)]
    moved = [reference for kind, reference in facts if kind in OF_MOVEMENTS]
    movement_id = DisputeMovement.stripe_balance_transaction_id
    about = union_all(
        select(cast(Payment.id, Text).label("reference"), Payment.id.label("payment_id")).where(
            Payment.id.in_(references)
        ),
        select(cast(Refund.id, Text), Refund.payment_id).where(Refund.id.in_(references)),
        select(movement_id, Dispute.payment_id)
        .join(Dispute, Dispute.id == DisputeMovement.dispute_id)
        .where(movement_id.in_(moved)),
    ).subquery()
    found = session.execute(
        select(about.c.reference, func.coalesce(Course.title, Payment.description).label("title"))
        .join(Payment, Payment.id == about.c.payment_id)
        .outerjoin(Course, Course.id == Payment.course_id)
    )
    return {row.reference: row.title for row in found}


def _key(instructor_id: PersonId) -> str:
    return f"instructor:{instructor_id}:payable"


def _month_before(first_on: date, count: int) -> date:
    months = first_on.year * 12 + first_on.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def _midnight(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=UTC)
