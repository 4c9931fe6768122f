"""The overview: how a period went against the one before it, and where the money went.

Volume, revenue and shares are the ledger's; how many payments failed is the payments' own. One currency at
a time: sums of different currencies would mean nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, SQLColumnExpression, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from azora_admin.core.money import Money
from azora_admin.identity.tables import Person
from azora_admin.ledger.tables import LedgerAccount as Account
from azora_admin.ledger.tables import LedgerEntry as Entry
from azora_admin.ledger.tables import LedgerLeg as Leg
from azora_admin.marketplace.tables import Course
from azora_admin.payments.rules.settlement import GONE
from azora_admin.payments.tables import Payment
from azora_admin.reports.attention import Concern, concerns
from azora_admin.reports.entries import OF_MOVEMENTS
from azora_admin.reports.figures import Period, Trend, parts_of, rate_trend, trend
from azora_admin.reports.payment_rows import PaymentRow, kept_minor, payment_row, payment_rows

RECENT: Final = 7
TOP: Final = 5
DEFAULT_CURRENCY: Final = "usd"
# The kinds of entry by which parties give back what a sale brought them, and get it again when a refund fails.
_OF_REFUNDS: Final = ("refund_reserved", "refund_failed")
_OF_SHARES: Final = ("sale", *_OF_REFUNDS, *OF_MOVEMENTS)


@dataclass(frozen=True, slots=True)
class Division:
    """Where a period's gross volume went; the parts sum to it. ``platform`` is after processing.

    ``refunded`` went back in the period, less what came back of earlier refunds; the parties' parts are net of it.
    """

    gross: Money
    refunded: Money
    instructors: Money
    platform: Money
    processing: Money
    other: Money

    @property
    def parts(self) -> Sequence[tuple[str, Money]]:
        """Each part by its name; what is seldom is left out when it is nothing."""
        seldom = (("Refunded", self.refunded), ("Other", self.other))
        return [
            ("Instructors", self.instructors),
            ("Azora, after processing", self.platform),
            ("Card processing", self.processing),
            *(part for part in seldom if part[1].amount),
        ]


@dataclass(frozen=True, slots=True)
class TopCourse:
    """A course by what was paid for it in the period; ``share`` in basis points of the best one's."""

    title: str
    instructor: str
    sales: int
    gross: Money
    share: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the admin's first page shows. Trends are in minor units, counts or basis points."""

    at: datetime
    period: Period
    currency: str
    currencies: tuple[str, ...]
    gross: Trend
    revenue: Trend
    sales: Trend
    failure_rate: Trend
    gross_before: tuple[int, ...]
    division: Division
    recent: Sequence[PaymentRow]
    top_courses: Sequence[TopCourse]
    concerns: Sequence[Concern]

    @property
    def platform_revenue(self) -> Money:
        """Azora's share of the period's sales less its share of what was refunded, before processing."""
        return Money(self.revenue.now, self.currency)


@dataclass(slots=True)
class _Day:
    """One day's sums in one currency, in minor units."""

    gross: int = 0
    revenue: int = 0
    instructors: int = 0
    refunded: int = 0
    fees: int = 0
    sales: int = 0
    finished: int = 0
    failed: int = 0


_Book = Mapping[str, Mapping[date, _Day]]


@dataclass(slots=True)
class _Days:
    """The days of every currency, made as they are met."""

    book: defaultdict[str, defaultdict[date, _Day]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(_Day))
    )

    def on(self, currency: str, day: date) -> _Day:
        return self.book[currency][day]


def overview(session: Session, *, now: datetime, days: int, currency: str | None) -> Overview:
    """The last ``days`` days up to ``now``, in ``currency`` or the one that sold most. Use a snapshot."""
    period = Period.ending(now.date(), days=days)
    both = Period(period.previous.first_on, period.last_on)
    book = _days(session, both)
    currencies = _by_sales(book)
    chosen = currency if currency in currencies else (currencies or (DEFAULT_CURRENCY,))[0]
    mine = book.get(chosen, {})
    current = [mine.get(day, _Day()) for day in period.days]
    before = [mine.get(day, _Day()) for day in period.previous.days]
    return Overview(
        at=now,
        period=period,
        currency=chosen,
        currencies=currencies,
        gross=trend(tuple(day.gross for day in current), tuple(day.gross for day in before)),
        revenue=trend(tuple(day.revenue for day in current), tuple(day.revenue for day in before)),
        sales=trend(tuple(day.sales for day in current), tuple(day.sales for day in before)),
        failure_rate=rate_trend(
            tuple((day.failed, day.finished) for day in current),
            tuple((day.failed, day.finished) for day in before),
        ),
        gross_before=tuple(day.gross for day in before),
        division=_division(current, chosen),
        recent=_recent(session),
        top_courses=_top_courses(session, period, chosen),
        concerns=concerns(session, now=now),
    )


def _days(session: Session, period: Period) -> _Book:
    days = _Days()
    for row in session.execute(_ledger_days(period)).all():
        day = days.on(row.asset, row.on)
        day.gross, day.revenue = int(row.gross), int(row.revenue)
        day.instructors, day.refunded = int(row.instructors), int(row.refunded)
        day.fees, day.sales = int(row.fees), row.sales
    for row in session.execute(_outcome_days(period)).all():
        day = days.on(row.currency, row.on)
        day.finished, day.failed = row.finished, row.failed
    return days.book


def _ledger_days(period: Period) -> Any:
    is_sale, is_share = Entry.kind == "sale", Entry.kind.in_(_OF_SHARES)
    is_partys = Account.kind.not_in(("refund_in_flight", "stripe_balance"))
    at_stripe = and_(is_sale, Account.kind == "stripe_balance")
    on = _day_of(Entry.occurred_at)
    return (
        select(
            Leg.asset,
            on.label("on"),
            _sum(-Leg.amount, at_stripe).label("gross"),
            _sum(Leg.amount, and_(is_share, Account.kind == "platform_revenue")).label("revenue"),
            _sum(Leg.amount, and_(is_share, Account.kind == "instructor_payable")).label("instructors"),
            _sum(-Leg.amount, and_(Entry.kind.in_(_OF_REFUNDS), is_partys)).label("refunded"),
            _sum(-Leg.amount, Account.kind == "stripe_fees").label("fees"),
            func.count().filter(at_stripe).label("sales"),
        )
        .join(Entry, Entry.id == Leg.entry_id)
        .join(Account, Account.id == Leg.account_id)
        .where(Entry.occurred_at >= period.starts_at, Entry.occurred_at < period.ends_at)
        .group_by(Leg.asset, on)
    )


def _outcome_days(period: Period) -> Any:
    on = _day_of(Payment.created_at)
    # Given up a day after its last attempt failed, a payment has failed all the same.
    failed = Payment.failure_code.is_not(None)
    return (
        select(
            Payment.currency,
            on.label("on"),
            func.count().label("finished"),
            func.count().filter(failed).label("failed"),
        )
        .where(
            or_(Payment.settled_at.is_not(None), failed),
            Payment.created_at >= period.starts_at,
            Payment.created_at < period.ends_at,
        )
        .group_by(Payment.currency, on)
    )


def _day_of(moment: ColumnElement[datetime] | Any) -> ColumnElement[date]:
    """The day in UTC; the connection's zone is UTC, which makes this the plain cast."""
    return cast(moment, Date)


def _sum(amount: SQLColumnExpression[int], condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(amount).filter(condition), 0)


def _by_sales(book: _Book) -> tuple[str, ...]:
    """The currencies that anything happened in, the one with most sales first."""
    return tuple(sorted(book, key=lambda one: (-sum(day.sales for day in book[one].values()), one)))


def _division(days: Sequence[_Day], currency: str) -> Division:
    gross, fees = sum(day.gross for day in days), sum(day.fees for day in days)
    refunded = sum(day.refunded for day in days)
    revenue, instructors = sum(day.revenue for day in days), sum(day.instructors for day in days)
    return Division(
        gross=Money(gross, currency),
        refunded=Money(refunded, currency),
        instructors=Money(instructors, currency),
        platform=Money(revenue - fees, currency),
        processing=Money(fees, currency),
        other=Money(gross - instructors - revenue - refunded, currency),
    )


def _recent(session: Session) -> Sequence[PaymentRow]:
    rows = session.execute(
        payment_rows().order_by(Payment.created_at.desc(), Payment.id.desc()).limit(RECENT)
    ).all()
    return [payment_row(row) for row in rows]


def _top_courses(session: Session, period: Period, currency: str) -> Sequence[TopCourse]:
    gross = func.sum(kept_minor())
    best = (
        select(Payment.course_id, func.count().label("sales"), gross.label("gross"))
        .where(
            Payment.settled_at.is_not(None),
            Payment.status.not_in(GONE),
            Payment.currency == currency,
            Payment.settled_at >= period.starts_at,
            Payment.settled_at < period.ends_at,
            Payment.course_id.is_not(None),
        )
        .group_by(Payment.course_id)
        .having(gross > 0)
        .order_by(gross.desc(), Payment.course_id)
        .limit(TOP)
        .subquery()
    )
    rows = session.execute(
        select(Course.title, Person.name, best.c.sales, best.c.gross)
        .join(Course, Course.id == best.c.course_id)
        .join(Person, Person.id == Course.instructor_id)
        .order_by(best.c.gross.desc(), Course.id)
    ).all()
    most = int(rows[0].gross) if rows else 1
    return [
        TopCourse(
            row.title, row.name, row.sales, Money(int(row.gross), currency), parts_of(int(row.gross), most)
        )
        for row in rows
    ]
