"""How far a list of Stripe's was read: a row that moves in the transaction that keeps what was read.

A list is read in windows of time, each from its end backwards, as Stripe lists. A window is whole when its last page
is kept; only then does ``read_until`` move. Each page moves ``after_id``, so that whoever goes on begins where the last
one stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Update, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.messaging.tables import StripeCursor

# Stripe lists no event that is older.
LISTED_FOR: Final = timedelta(days=30)
_LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of Stripe's. What it lists late, or under a time that is past, is found by looking ``overlap`` back.

    ``grace``: what is younger is on its way by itself. ``listed_for``: it lists nothing that is older.
    """

    name: str
    overlap: timedelta
    grace: timedelta
    listed_for: timedelta | None = None


# The webhook comes first, as a rule.
EVENTS: Final = Listing("events", timedelta(minutes=10), timedelta(minutes=2), LISTED_FOR)
STATEMENT: Final = Listing("balance_transactions", timedelta(hours=2), timedelta(0))


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the list: the window (both ends within), and the id after which its next page begins."""

    since: datetime
    until: datetime
    after_id: str | None = None


def next_place(session: Session, which: Listing = EVENTS, *, begins_at: datetime | None = None) -> Place:
    """Where to go on: in the window that is open, or in a new one. The first ever begins at ``begins_at``, or now."""
    now = clock.now().replace(microsecond=0)
    session.execute(
        upsert(StripeCursor)
        .values(name=which.name, read_until=begins_at or now, succeeded_at=now)
        .on_conflict_do_nothing(index_elements=["name"])
    )
    row = session.execute(
        select(StripeCursor.read_until, StripeCursor.window_until, StripeCursor.after_id)
        .where(StripeCursor.name == which.name)
        .with_for_update()
    ).one()
    since = row.read_until - which.overlap
    if which.listed_for is not None:
        since = max(since, now - which.listed_for)
    if row.window_until is not None:
        return Place(since, row.window_until, row.after_id)
    until = max(now - which.grace, since)
    session.execute(_cursor(which).values(window_until=until, after_id=None))
    return Place(since, until)


def take(session: Session, place: Place, which: Listing = EVENTS) -> bool:
    """Lock the cursor for keeping what was read at ``place``. False when somebody else has gone on from there."""
    row = session.execute(
        select(StripeCursor.window_until, StripeCursor.after_id)
        .where(StripeCursor.name == which.name)
        .with_for_update()
    ).one()
    return (row.window_until, row.after_id) == (place.until, place.after_id)


def go_on(session: Session, which: Listing = EVENTS, *, after_id: str | None) -> None:
    """The window has another page, after ``after_id``; None: from its beginning again."""
    session.execute(_cursor(which).values(after_id=after_id))


def finish(session: Session, place: Place, which: Listing = EVENTS) -> None:
    """The window is read to its end."""
    session.execute(
        _cursor(which).values(
            read_until=place.until,
            window_until=None,
            after_id=None,
            succeeded_at=clock.now(),
            failed_at=None,
            last_error=None,
        )
    )


def fail(session: Session, which: Listing = EVENTS, *, reason: str) -> None:
    """Stripe did not list: the next round goes on from the same place."""
    session.execute(_cursor(which).values(failed_at=clock.now(), last_error=reason[:_LONGEST_REASON]))


def _cursor(which: Listing) -> Update:
    return update(StripeCursor).where(StripeCursor.name == which.name)
