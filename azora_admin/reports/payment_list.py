"""The list of payments: found by e-mail, course, id or amount; newest first, one keyset page at a time.

Counts are exact up to ``COUNTED``; beyond it nothing is counted any further.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.identity.tables import Person
from azora_admin.marketplace.tables import Course
from azora_admin.payments.tables import Payment
from azora_admin.reports.keyset import newest_first
from azora_admin.reports.payment_rows import PaymentRow, is_unknown, payment_row, payment_rows, shown_status

COUNTED: Final = 10_000
_ID_START: Final = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,28}", re.IGNORECASE)
_AT_STRIPE: Final = ("pi_", "ch_", "py_")
_LARGEST_AMOUNT: Final = 2**63 - 1  # what the column holds
_AMOUNT: Final = re.compile(r"[^\d,.]{0,4}(\d{1,3}(?:,\d{3})+|\d{1,13})(?:\.(\d{1,3}))?")


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What the list is narrowed to; empty means everything. Days are whole days in UTC, both within."""

    text: str = ""
    statuses: tuple[str, ...] = ()
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class PaymentList:
    """One page, and how many there are: in all (at most ``COUNTED`` + 1) and of each status (None: too many)."""

    page: Page[PaymentRow]
    total: int
    by_status: Mapping[str, int] | None


def list_payments(
    session: Session, wanted: PaymentFilter, *, limit: int, cursor: Cursor | None
) -> PaymentList:
    """The page of ``wanted`` after (or before) ``cursor``, in two statements."""
    within = _conditions(wanted)
    found = payment_rows().where(*within, _has_status(wanted.statuses))
    rows = session.execute(
        newest_first(found, Payment.created_at, Payment.id, limit=limit, cursor=cursor)
    ).all()
    page = page_of(
        [payment_row(row) for row in rows],
        limit=limit,
        cursor=cursor,
        key=lambda row: (row.created_at, row.id),
    )
    counts = _count(session, within)
    whole = sum(counts.values())
    if whole > COUNTED:
        return PaymentList(page, COUNTED + 1, None)
    total = sum(counts.get(status, 0) for status in wanted.statuses) if wanted.statuses else whole
    return PaymentList(page, total, counts)


def find_payments_by_id(session: Session, text: str, *, limit: int) -> list[PaymentRow]:
    """Payments whose id, ours or Stripe's, begins with ``text``; none for a text that can't be an id's beginning."""
    if text.startswith(_AT_STRIPE):
        condition = _stripe_id_starts_with(text)
    elif _ID_START.fullmatch(text):
        condition = _id_starts_with(text)
    else:
        return []
    return [payment_row(row) for row in session.execute(payment_rows().where(condition).limit(limit))]


def _count(session: Session, within: list[ColumnElement[bool]]) -> dict[str, int]:
    """How many of each status, of the first ``COUNTED`` + 1 that are found."""
    found = select(shown_status().label("shown")).where(*within).limit(COUNTED + 1).subquery()
    rows = session.execute(select(found.c.shown, func.count()).group_by(found.c.shown)).all()
    return {row[0]: row[1] for row in rows}


def _conditions(wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.first_on:
        conditions.append(Payment.created_at >= _midnight(wanted.first_on))
    if wanted.last_on:
        conditions.append(Payment.created_at < _midnight(wanted.last_on + timedelta(days=1)))
    if wanted.text:
        conditions.append(_matches(wanted.text))
    return conditions


def _has_status(statuses: tuple[str, ...]) -> ColumnElement[bool]:
    if not statuses:
        return Payment.id.is_not(None)
    stored = [status for status in statuses if status not in ("unknown", "pending")]
    conditions: list[ColumnElement[bool]] = [Payment.status.in_(stored)] if stored else []
    if "unknown" in statuses:
        conditions.append(is_unknown())
    if "pending" in statuses:
        conditions.append(and_(Payment.status == "pending", Payment.stripe_payment_intent_id.is_not(None)))
    return or_(false(), *conditions)


def _matches(text: str) -> ColumnElement[bool]:
    """Whatever the text can be: an id or its beginning, an amount, part of an address, name or title."""
    if text.startswith(_AT_STRIPE):
        return _stripe_id_starts_with(text)
    conditions = [_mentions(text)]
    if _ID_START.fullmatch(text):
        conditions.append(_id_starts_with(text))
    amounts = amounts_of(text)
    if amounts:
        conditions.append(Payment.amount_minor.in_(amounts))
    return or_(*conditions)


def _mentions(text: str) -> ColumnElement[bool]:
    people = select(Person.id).where(
        or_(
            Person.email.contains(text.lower(), autoescape=True),
            func.lower(Person.name).contains(text.lower(), autoescape=True),
        )
    )
    courses = select(Course.id).where(func.lower(Course.title).contains(text.lower(), autoescape=True))
    return or_(Payment.payer_id.in_(people), Payment.course_id.in_(courses))


def _stripe_id_starts_with(text: str) -> ColumnElement[bool]:
    by_intent = Payment.stripe_payment_intent_id.startswith(text, autoescape=True)
    return or_(by_intent, Payment.stripe_charge_id.startswith(text, autoescape=True))


def _id_starts_with(text: str) -> ColumnElement[bool]:
    digits = text.replace("-", "")[:32]
    return Payment.id.between(UUID(hex=digits.ljust(32, "0")), UUID(hex=digits.ljust(32, "f")))


def amounts_of(text: str) -> tuple[int, ...]:
    """Every number of minor units that ``text`` may mean: ``49`` is 49 yen, 49.00 dollars or 49.000 dinars."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        return ()
    whole, fraction = found[1].replace(",", ""), found[2] or ""
    amounts = [int(whole + fraction.ljust(places, "0")) for places in (0, 2, 3) if len(fraction) <= places]
    return tuple(amount for amount in amounts if amount <= _LARGEST_AMOUNT)


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, UTC)
