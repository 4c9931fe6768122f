"""Sealing the audit log: a day that is over is closed, day after day, and marked with a key that no database has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from azora_admin.core import db, sealing

PURPOSE: Final = "audit seal"

# The database's own date: the law in it goes by no other.
_NEXT: Final = text(
    """
    SELECT next.day
      FROM (SELECT coalesce((SELECT max(day) + 1 FROM audit_seal), (SELECT min(day) FROM audit_head)) AS day) next
     WHERE next.day < (clock_timestamp() AT TIME ZONE 'UTC')::date
    """
)


@dataclass(frozen=True, slots=True)
class SealedDay:
    """A day to which nothing can be added any more. ``hash`` is worth writing down where this database is not."""

    day: date
    entries: int
    hash: bytes


def seal_next_day(session: Session, *, secret_key: str) -> SealedDay | None:
    """Seal the first day that is over and not sealed yet, or None when there is none.

    Waits for transactions that are just committing an entry of that day; nobody waits for it who writes today's.
    """
    db.lock(session, "audit seal")
    day = session.scalar(_NEXT)
    if day is None:
        return None
    row = session.execute(
        text("INSERT INTO audit_seal (day) VALUES (:day) RETURNING day, entries, hash"), {"day": day}
    ).one()
    mark = sealing.mark(secret_key, PURPOSE, row.hash)
    session.execute(
        text("INSERT INTO audit_mark (day, key_id, mark) VALUES (:day, :key_id, :mark)"),
        {"day": day, "key_id": mark.key_id, "mark": mark.value},
    )
    return SealedDay(row.day, row.entries, row.hash)
