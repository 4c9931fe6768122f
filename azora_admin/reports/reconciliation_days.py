"""Days of reconciliation as rows: what both sides sum to, and whether they agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.messaging.reading import STATEMENT
from azora_admin.messaging.tables import StripeCursor
from azora_admin.reconciliation.queries import DifferenceView, count_by_state, open_differences
from azora_admin.reconciliation.tables import (
    ReconciliationDay,
    ReconciliationPlace,
    ReconciliationTotal,
)

FIRST_FEW: Final = 5


@dataclass(frozen=True, slots=True)
class DayTotal:
    """What a day sums to in one currency, after fees."""

    theirs: Money
    ours: Money

    @property
    def gap(self) -> Money:
        """What the book has more than Stripe."""
        return self.ours - self.theirs


@dataclass(frozen=True, slots=True)
class DayRow:
    """A day in UTC, and how it stands."""

    day: date
    state: str
    transactions: int
    waiting: int
    differing: int
    totals: Sequence[DayTotal]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far both sides were read, what differs by state, and the first few that want a decision."""

    read_until: datetime | None
    failed_at: datetime | None
    last_error: str | None
    compared_at: datetime | None
    counts: dict[str, int]
    first: Sequence[DifferenceView]


def list_days(session: Session, *, limit: int, cursor: Cursor | None) -> Page[DayRow]:
    """One keyset page of the days, the latest first. Two statements. A cursor is the day as a text."""
    columns = (
        ReconciliationDay.day,
        ReconciliationDay.state,
        ReconciliationDay.transactions,
        ReconciliationDay.waiting,
        ReconciliationDay.differing,
    )
    wanted, day = select(*columns), ReconciliationDay.day
    if cursor is not None and cursor.backwards:
        wanted = wanted.where(day > date.fromisoformat(str(cursor.at))).order_by(day)
    elif cursor is not None:
        wanted = wanted.where(day < date.fromisoformat(str(cursor.at))).order_by(day.desc())
    else:
        wanted = wanted.order_by(day.desc())
    found = session.execute(wanted.limit(limit + 1)).all()
    totals = _totals(session, [row.day for row in found])
    rows = [DayRow(*row, totals=totals[row.day]) for row in found]
    return page_of(rows, limit=limit, cursor=cursor, key=lambda one: (one.day.isoformat(), ""))


def standing(session: Session) -> Standing:
    """How reconciliation stands now. Four statements."""
    reading = session.execute(
        select(StripeCursor.read_until, StripeCursor.failed_at, StripeCursor.last_error).where(
            StripeCursor.name == STATEMENT.name
        )
    ).one_or_none()
    return Standing(
        read_until=reading.read_until if reading else None,
        failed_at=reading.failed_at if reading else None,
        last_error=reading.last_error if reading else None,
        compared_at=session.scalar(select(ReconciliationPlace.compared_at)),
        counts=count_by_state(session),
        first=open_differences(session, limit=FIRST_FEW),
    )


def _totals(session: Session, days: Sequence[date]) -> dict[date, list[DayTotal]]:
    totals: defaultdict[date, list[DayTotal]] = defaultdict(list)
    total = ReconciliationTotal
    for row in session.scalars(select(total).where(total.day.in_(days)).order_by(total.day, total.currency)):
        theirs = Money(row.their_gross - row.their_fee, row.currency)
        totals[row.day].append(DayTotal(theirs, Money(row.our_gross - row.our_fee, row.currency)))
    return totals
