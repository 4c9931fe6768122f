"""The list of payments: found by e-mail, course, id or amount; newest first, one keyset page at a time.

Counts are exact up to ``COUNTED``; beyond it nothing is counted any further.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from azora_admin.core.ids import PaymentId
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.payments.tables import Payment
from azora_admin.reports.keyset import newest_first
from azora_admin.reports.payment_rows import PaymentRow, is_unknown, payment_row, payment_rows, shown_status
from azora_admin.reports.payment_search import Meanings, meanings, ways, ways_by_id
from azora_admin.reports.ways import Place, is_found, newest_of, some_of

COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What the list is narrowed to; empty means everything. Days are whole days in UTC, both within."""

    text: str = ""
    statuses: tuple[str, ...] = ()
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class PaymentList:
    """One page, and how many there are: in all (at most ``COUNTED`` + 1) and of each status (None: too many).

    ``has_more``: the text begins more names or titles than were looked for.
    """

    page: Page[PaymentRow]
    total: int
    by_status: Mapping[str, int] | None
    has_more: bool


def list_payments(
    session: Session, wanted: PaymentFilter, *, limit: int, cursor: Cursor | None
) -> PaymentList:
    """The page of ``wanted`` after (or before) ``cursor``: in two statements, or four with a text."""
    meant = meanings(session, wanted.text) if wanted.text else None
    places = _places(wanted, meant, limit=limit, cursor=cursor).subquery()
    lines = payment_rows().join(places, places.c.id == Payment.id)
    rows = session.execute(newest_first(lines, places.c.at, places.c.id, limit=limit, cursor=cursor)).all()
    page = _page(rows, limit=limit, cursor=cursor)
    counts = _count(session, wanted, meant)
    whole = sum(counts.values())
    has_more = meant is not None and meant.has_more
    if whole > COUNTED:
        return PaymentList(page, COUNTED + 1, None, has_more)
    total = sum(counts.get(status, 0) for status in wanted.statuses) if wanted.statuses else whole
    return PaymentList(page, total, counts, has_more)


def find_payments_by_id(session: Session, text: str, *, limit: int) -> list[PaymentRow]:
    """Payments whose id, ours or Stripe's, begins with ``text``; none for a text that can't be an id's beginning."""
    ways = ways_by_id(text)
    if not ways:
        return []
    return [payment_row(row) for row in session.execute(payment_rows().where(is_found(ways)).limit(limit))]


def conditions_for(session: Session, wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    """What every payment of ``wanted`` fulfils, for whoever wants all of them: the same that the list shows."""
    conditions = [*_days(wanted), _has_status(wanted.statuses)]
    if wanted.text:
        conditions.append(is_found(ways(meanings(session, wanted.text))))
    return conditions


def ids_of(session: Session, wanted: PaymentFilter, *, most: int) -> Sequence[PaymentId]:
    """The ids of the payments that the list shows for ``wanted``, newest first, at most ``most``."""
    found = session.scalars(
        select(Payment.id)
        .where(*conditions_for(session, wanted))
        .order_by(Payment.created_at.desc(), Payment.id.desc())
        .limit(most)
    )
    return [PaymentId(one) for one in found]


def page_of_ids(
    session: Session, ids: Sequence[PaymentId], *, limit: int, cursor: Cursor | None
) -> Page[PaymentRow]:
    """One page of these payments, newest first. One statement."""
    lines = payment_rows().where(Payment.id.in_(ids))
    rows = session.execute(
        newest_first(lines, Payment.created_at, Payment.id, limit=limit, cursor=cursor)
    ).all()
    return _page(rows, limit=limit, cursor=cursor)


def _page(rows: Sequence[Row[*tuple[Any, ...]]], *, limit: int, cursor: Cursor | None) -> Page[PaymentRow]:
    return page_of(
        [payment_row(row) for row in rows],
        limit=limit,
        cursor=cursor,
        key=lambda row: (row.created_at, row.id),
    )


def _places(
    wanted: PaymentFilter, meant: Meanings | None, *, limit: int, cursor: Cursor | None
) -> Select[*tuple[Any, ...]]:
    """Ids and times of no more payments than a page needs."""
    within = [*_days(wanted), _has_status(wanted.statuses)]
    if meant is None:
        payments = select(Payment.id, Payment.created_at.label("at")).where(*within)
        return newest_first(payments, Payment.created_at, Payment.id, limit=limit, cursor=cursor)
    place = Place(Payment.created_at, Payment.id)
    return newest_of(ways(meant), place, within, limit=limit, cursor=cursor)


def _count(session: Session, wanted: PaymentFilter, meant: Meanings | None) -> dict[str, int]:
    """How many of each status, of the first ``COUNTED`` + 1 that are found."""
    columns, within = (Payment.id, shown_status().label("shown")), _days(wanted)
    if meant is None:
        found = select(*columns).where(*within).limit(COUNTED + 1).subquery()
    else:
        found = some_of(ways(meant), columns, within, limit=COUNTED + 1).subquery()
    rows = session.execute(
        select(found.c.shown, func.count(found.c.id.distinct())).group_by(found.c.shown)
    ).all()
    return {row[0]: row[1] for row in rows}


def _days(wanted: PaymentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.first_on:
        conditions.append(Payment.created_at >= _midnight(wanted.first_on))
    if wanted.last_on:
        conditions.append(Payment.created_at < _midnight(wanted.last_on + timedelta(days=1)))
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


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, UTC)
