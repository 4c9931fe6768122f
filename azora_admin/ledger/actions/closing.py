"""Snapshots, which keep the reading short, and closed periods.

Both begin by finding a number up to which the book is complete (``ledger_boundary``, migration 0003); posting goes
on meanwhile. They need the READ COMMITTED transaction that ``core.db.transaction`` opens.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import Conflict, DomainError
from azora_admin.ledger.queries import periods
from azora_admin.ledger.queries.periods import Period

BUSY: Final = "AZ003"
PATIENCE: Final = timedelta(seconds=10)
"""How long a snapshot waits for transactions that were writing entries when it began."""

_BOUNDARY: Final = text("SELECT number, read_at FROM ledger_boundary(CAST(:patience AS interval))")
_LAST: Final = text(
    "SELECT number, taken_at, last_posted_at, entries FROM ledger_snapshot ORDER BY number DESC LIMIT 1"
)
_TAIL: Final = text(
    "SELECT count(*) AS entries, max(posted_at) AS last_posted_at FROM ledger_entry"
    " WHERE number > :after AND number <= :number"
)
_SNAPSHOT: Final = text("INSERT INTO ledger_snapshot VALUES (:number, :taken_at, :last_posted_at, :entries)")
_ROLLUPS: Final = text(
    """
    WITH moved AS (
      SELECT l.account_id, sum(l.amount) AS amount FROM ledger_entry e JOIN ledger_leg l ON l.entry_id = e.id
      WHERE e.number > :after AND e.number <= :number GROUP BY l.account_id
    ), rolled AS (
      INSERT INTO ledger_rollup (account_id, number, balance)
      SELECT moved.account_id, :number, moved.amount + coalesce(
        (SELECT r.balance FROM ledger_rollup r WHERE r.account_id = moved.account_id ORDER BY r.number DESC LIMIT 1), 0)
      FROM moved
    ), part AS (
      SELECT a.kind, a.asset, moved.amount FROM moved JOIN ledger_account a ON a.id = moved.account_id
      UNION ALL
      SELECT t.kind, t.asset, t.balance FROM ledger_snapshot_total t WHERE t.number = :after
    )
    INSERT INTO ledger_snapshot_total (number, kind, asset, balance)
    SELECT :number, kind, asset, sum(amount) FROM part GROUP BY kind, asset
    """
)
_SEAL: Final = text(
    """
    INSERT INTO ledger_period (began_at, ended_at, entries, digest, sealed_at)
    VALUES (:began_at, :ended_at, :entries, :digest, clock_timestamp()) RETURNING sealed_at
    """
)
_IS_OVER: Final = text("SELECT clock_timestamp() >= :moment")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The book up to entry ``number``: nothing can be added below it any more.

    ``taken_at`` is when the number was read: whatever stands above it was posted later.
    """

    number: int
    taken_at: datetime
    last_posted_at: datetime
    entries: int


def take_snapshot(session: Session, *, patience: timedelta = PATIENCE) -> Snapshot | None:
    """Roll every account that moved up to the present. Returns the last snapshot when nothing was posted since.

    None for an empty book. Several at once wait for each other. Raises DomainError ``ledger_busy`` (503) when a
    transaction keeps writing entries for longer than ``patience``.
    """
    db.lock(session, "ledger:snapshot")
    number, read_at = _boundary(session, patience)
    last = _last_snapshot(session)
    after = last.number if last else 0
    tail = session.execute(_TAIL, {"after": after, "number": number}).one()
    if tail.entries == 0:
        return last
    last_posted_at = max(last.last_posted_at, tail.last_posted_at) if last else tail.last_posted_at
    taken = Snapshot(number, read_at, last_posted_at, tail.entries)
    session.execute(_SNAPSHOT, asdict(taken))
    session.execute(_ROLLUPS, {"after": after, "number": number})
    return taken


def seal_period(session: Session, ended_at: datetime) -> Period:
    """Close the period that ended at ``ended_at`` and began where the last one ended. Closed already: that one.

    Raises Conflict ``period_not_over`` or ``period_already_sealed`` (the moment lies inside a closed period), and
    what ``take_snapshot`` raises.
    """
    if not session.execute(_IS_OVER, {"moment": ended_at}).scalar_one():
        raise Conflict("period_not_over", f"The period until {ended_at:%Y-%m-%d %H:%M} UTC is not over.")
    take_snapshot(session)
    sealed = periods.find_period(session, ended_at)
    if sealed is not None:
        return sealed
    last = periods.find_last_period(session)
    if last is not None and ended_at < last.ended_at:
        raise Conflict(
            "period_already_sealed", f"The books are closed until {last.ended_at:%Y-%m-%d %H:%M} UTC."
        )
    began_at = last.ended_at if last else None
    entries, digest = periods.digest_of(session, began_at, ended_at)
    row = session.execute(
        _SEAL, {"began_at": began_at, "ended_at": ended_at, "entries": entries, "digest": digest}
    ).one()
    return Period(began_at, ended_at, entries, digest, row.sealed_at)


def complete_until(session: Session, *, patience: timedelta = PATIENCE) -> int:
    """The number up to which nothing can be added to the book any more. Raises DomainError ``ledger_busy`` (503)."""
    return _boundary(session, patience)[0]


def _last_snapshot(session: Session) -> Snapshot | None:
    row = session.execute(_LAST).one_or_none()
    return Snapshot(*row) if row else None


def _boundary(session: Session, patience: timedelta) -> tuple[int, datetime]:
    try:
        row = session.execute(_BOUNDARY, {"patience": patience}).one()
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.Error) and error.orig.sqlstate == BUSY:
            raise DomainError(
                503, "ledger_busy", "The book is being written to; try again shortly."
            ) from error
        raise
    return row.number, row.read_at
