"""Reconciliation: read Stripe's statement on, look through what was booked since, compare the days that it touches.

A round can be cut off anywhere and made twice: a day stays due until it was compared in the same commit. What is sealed
comes back by itself when Stripe or the book says something new about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.flows import exchanging, stripe_statement
from azora_admin.flows.comparing import compare, compare_day
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.ledger.actions import complete_until
from azora_admin.messaging.reading import STATEMENT
from azora_admin.reconciliation.actions import days
from azora_admin.reconciliation.queries.sources import SOURCES, Source

_LOCK: Final = "reconciliation"
_AT_ONCE: Final = 20_000
_UUID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


def _keyed() -> str:
    """Each new entry with the object of Stripe's that it names; none: itself."""
    joins = "".join(
        f" LEFT JOIN {one.table} s{number} ON s{number}.{one.named_by or 'id'} = CASE WHEN n.kind IN"
        f" ({', '.join(repr(kind) for kind in one.kinds)}) {_named(one)} END"
        for number, one in enumerate(SOURCES)
    )
    sources = ", ".join(f"s{number}.{one.column}" for number, one in enumerate(SOURCES))
    categories = " ".join(
        f"WHEN s{number}.{one.column} IS NOT NULL THEN '{one.category}'" for number, one in enumerate(SOURCES)
    )
    return f"""
      SELECT coalesce({sources}, d.source, n.id::text) AS source, n.occurred_at,
             CASE {categories} WHEN d.id IS NOT NULL THEN d.category ELSE 'entry' END AS category
        FROM new n{joins}
        LEFT JOIN reconciliation_decision c ON c.entry_id = n.id
        LEFT JOIN reconciliation_difference d ON d.id = c.difference_id"""  # noqa: S608  ours


def _named(source: Source) -> str:
    return "THEN n.reference" if source.named_by else f"AND n.reference ~ '{_UUID}' THEN n.reference::uuid"


_NEW_ENTRIES: Final = text(
    f"""
    WITH new AS (
      SELECT DISTINCT e.id, e.kind, e.reference, e.occurred_at FROM ledger_account a
        JOIN ledger_leg l ON l.account_id = a.id AND l.entry_number > :after AND l.entry_number <= :until
        JOIN ledger_entry e ON e.id = l.entry_id
       WHERE a.key IN ('stripe:balance', 'stripe:fees')
    ), keyed AS ({_keyed()}), dated AS (
      SELECT k.*, (SELECT min(t.day) FROM balance_transaction t WHERE t.source = k.source AND t.category = k.category)
               AS day
        FROM keyed k
    ), due AS (
      INSERT INTO reconciliation_day (day)
      SELECT DISTINCT coalesce(day, (occurred_at AT TIME ZONE 'UTC')::date) FROM dated
      ON CONFLICT (day) DO UPDATE SET is_due = true
    )
    SELECT DISTINCT source, category FROM dated WHERE day IS NULL
    """  # noqa: S608  ours
)
_PLACE: Final = text("SELECT entry_number FROM reconciliation_place WHERE name = 'book'")
_MOVE_ON: Final = text("UPDATE reconciliation_place SET entry_number = :number, compared_at = :now")
_READ_UNTIL: Final = text("SELECT read_until FROM stripe_cursor WHERE name = :name")


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a round did: the new lines of Stripe's statement, and the days that were compared."""

    new_lines: int
    days: Sequence[date]


def reconcile(stripe: StripeConnection) -> Reconciled:
    """Bring everything up to this moment. Raises NoAnswer and Refused when Stripe's statement can't be read."""
    new_lines = stripe_statement.catch_up(stripe)
    with db.reading() as session:
        old = days.days_to_seal(session)
    for day in old:
        new_lines += _read_again(stripe, day, day)
    return Reconciled(new_lines, compare_what_is_due(read_again=old))


def reconcile_again(stripe: StripeConnection, first: date, last: date) -> Reconciled:
    """Read Stripe's statement of some days anew, and compare each of them whatever it was. Raises as ``reconcile``."""
    new_lines = stripe_statement.catch_up(stripe)
    new_lines += _read_again(stripe, first, last)
    wanted = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    with db.transaction() as session:
        days.make_due(session, wanted)
    return Reconciled(new_lines, compare_what_is_due(read_again=wanted))


def compare_what_is_due(*, read_again: Sequence[date] = ()) -> Sequence[date]:
    """Look through what was booked since the last time, and compare every day that is due. Returns those days.

    ``read_again``: the days of which Stripe's statement was read a second time just now.
    """
    with db.transaction() as session:
        until = complete_until(session)
    while not _look_through(until):
        pass
    with db.transaction() as session:
        due = list(days.days_to_compare(session))
    for day in due:
        _compare(day, was_read_again=day in read_again)
    # What turned out to belong to another day leaves the one that it stood under to be compared again.
    with db.transaction() as session:
        left = days.days_due(session)
    for day in left:
        _compare(day, was_read_again=day in read_again)
    return due + [day for day in left if day not in due]


def compare_now(session: Session, keys: Sequence[tuple[str, str]]) -> None:
    """Compare some objects in the transaction under way: their days are due after it."""
    db.lock(session, _LOCK)
    compare(session, keys, read_until=_read_until(session))


def _read_again(stripe: StripeConnection, first: date, last: date) -> int:
    since, until = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=1)))
    return stripe_statement.read_again(stripe, since=since, until=until - timedelta(seconds=1))


def _compare(day: date, *, was_read_again: bool) -> None:
    with db.transaction() as session:
        db.lock(session, _LOCK)
        read_until = _read_until(session)
        exchanging.book_day(session, day)
        compare_day(session, day, read_until=read_until)
        days.finish_day(session, day, read_until=read_until, was_read_again=was_read_again)


def _look_through(until: int) -> bool:
    """Have the days of the next entries compared. True when ``until`` is reached."""
    with db.transaction() as session:
        db.lock(session, _LOCK)
        after = int(session.execute(_PLACE).scalar_one())
        number = min(after + _AT_ONCE, until)
        if number <= after:
            session.execute(_MOVE_ON, {"number": after, "now": clock.now()})
            return True
        rows: Any = session.execute(_NEW_ENTRIES, {"after": after, "until": number}).all()
        if rows:
            keys = [(row.source, row.category) for row in rows]
            compare(session, keys, read_until=_read_until(session))
        session.execute(_MOVE_ON, {"number": number, "now": clock.now()})
        return number >= until


def _read_until(session: Session) -> datetime:
    """How far Stripe's statement was read; nowhere yet: before everything, so that nothing is missing there."""
    found: datetime | None = session.execute(_READ_UNTIL, {"name": STATEMENT.name}).scalar_one_or_none()
    return found or datetime.min.replace(tzinfo=UTC)
