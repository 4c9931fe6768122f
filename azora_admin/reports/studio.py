"""An instructor's first page: how things stand, what was sold last, and how each course does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Uuid, cast, func, select
from sqlalchemy.orm import Session

from azora_admin.core.ids import CourseId, PersonId
from azora_admin.core.money import Money
from azora_admin.identity.tables import Person
from azora_admin.ledger.tables import LedgerAccount as Account
from azora_admin.ledger.tables import LedgerEntry as Entry
from azora_admin.ledger.tables import LedgerLeg as Leg
from azora_admin.marketplace.tables import Course
from azora_admin.payments.rules.settlement import GONE
from azora_admin.payments.tables import Payment
from azora_admin.reports.earnings import Standing, standing
from azora_admin.reports.payment_rows import kept_minor

RECENT: Final = 8
SHELF: Final = 50


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale, as its instructor sees it: what the learner paid, and what of it is the instructor's."""

    title: str
    learner: str
    paid: Money
    share: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class CourseRow:
    """A course of the instructor's; ``gross`` is what learners paid for it so far, in its own currency."""

    id: CourseId
    title: str
    status: str
    price: Money
    sales: int
    gross: Money


@dataclass(frozen=True, slots=True)
class Studio:
    """Everything that the instructor's first page shows."""

    at: datetime
    standing: Standing
    recent: Sequence[Sale]
    courses: Sequence[CourseRow]


def studio(session: Session, *, instructor_id: PersonId, now: datetime, currency: str | None) -> Studio:
    """The instructor's first page. Four statements; use a snapshot."""
    figures, _ = standing(session, instructor_id=instructor_id, now=now, currency=currency)
    return Studio(now, figures, _recent(session, instructor_id), _courses(session, instructor_id))


def _recent(session: Session, instructor_id: PersonId) -> Sequence[Sale]:
    last = (
        select(Entry.reference, Entry.occurred_at, Leg.amount, Leg.asset, Entry.number)
        .join(Leg, Leg.entry_id == Entry.id)
        .join(Account, Account.id == Leg.account_id)
        .where(Account.key == f"instructor:{instructor_id}:payable", Entry.kind == "sale")
        .order_by(Entry.posted_at.desc(), Entry.id.desc())
        .limit(RECENT)
        .subquery()
    )
    rows = session.execute(
        select(
            func.coalesce(Course.title, Payment.description).label("title"),
            Person.name,
            Payment.amount_minor,
            Payment.currency,
            last.c.amount,
            last.c.occurred_at,
        )
        .select_from(last)
        .join(Payment, Payment.id == cast(last.c.reference, Uuid))
        .join(Person, Person.id == Payment.payer_id)
        .outerjoin(Course, Course.id == Payment.course_id)
        .order_by(last.c.number.desc())
    ).all()
    return [
        Sale(
            row.title,
            row.name,
            Money(row.amount_minor, row.currency),
            Money(row.amount, row.currency),
            row.occurred_at,
        )
        for row in rows
    ]


def _courses(session: Session, instructor_id: PersonId) -> Sequence[CourseRow]:
    sold = (
        select(
            Payment.course_id,
            func.count().label("sales"),
            func.sum(kept_minor()).label("gross"),
        )
        .join(Course, Course.id == Payment.course_id)
        .where(
            Course.instructor_id == instructor_id,
            Payment.settled_at.is_not(None),
            Payment.status.not_in(GONE),
            Payment.currency == Course.currency,
        )
        .group_by(Payment.course_id)
        .subquery()
    )
    gross = func.coalesce(sold.c.gross, 0)
    rows = session.execute(
        select(
            Course.id,
            Course.title,
            Course.status,
            Course.price_minor,
            Course.currency,
            func.coalesce(sold.c.sales, 0).label("sales"),
            gross.label("gross"),
        )
        .outerjoin(sold, sold.c.course_id == Course.id)
        .where(Course.instructor_id == instructor_id)
        .order_by(gross.desc(), Course.created_at.desc(), Course.id)
        .limit(SHELF)
    ).all()
    return [
        CourseRow(
            CourseId(row.id),
            row.title,
            row.status,
            Money(row.price_minor, row.currency),
            row.sales,
            Money(int(row.gross), row.currency),
        )
        for row in rows
    ]
