"""Closed periods: a digest over every entry posted in them, which any later change would contradict.

Entries are hashed in blocks of a thousand numbers and the blocks hashed together, with the period's bounds and the
digest of the period before, so a long period needs little memory and the periods form a chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

_SELECT: Final = "SELECT began_at, ended_at, entries, digest, sealed_at FROM ledger_period"
_LAST: Final = text(f"{_SELECT} ORDER BY ended_at DESC LIMIT 1")
_ALL: Final = text(f"{_SELECT} ORDER BY ended_at")
_BY_END: Final = text(f"{_SELECT} WHERE ended_at = :ended_at")
_DIGEST: Final = text(
    """
    WITH line AS (
      SELECT e.number, e.legs_hash || convert_to(jsonb_build_array(e.number, e.id, e.kind, e.reference, e.cause,
        e.request_id, e.actor, e.rule_version, extract(epoch FROM e.occurred_at), extract(epoch FROM e.posted_at)
        )::text, 'UTF8') AS bytes
      FROM ledger_entry e
      WHERE e.posted_at >= coalesce(CAST(:began_at AS timestamptz), '-infinity') AND e.posted_at < :ended_at
        AND e.number > coalesce((SELECT max(s.number) FROM ledger_snapshot s
          WHERE s.last_posted_at < CAST(:began_at AS timestamptz)), 0)
        AND e.number <= coalesce((SELECT min(s.number) FROM ledger_snapshot s
          WHERE s.taken_at >= :ended_at), 9223372036854775807)
    ), block AS (
      SELECT number / 1000 AS block, count(*) AS entries, sha256(string_agg(bytes, '' ORDER BY number)) AS digest
      FROM line GROUP BY number / 1000
    )
    SELECT coalesce(sum(entries), 0) AS entries, sha256(
      convert_to(jsonb_build_array(extract(epoch FROM CAST(:began_at AS timestamptz)),
        extract(epoch FROM CAST(:ended_at AS timestamptz)))::text, 'UTF8')
      || coalesce((SELECT p.digest FROM ledger_period p WHERE p.ended_at = :began_at), '')
      || coalesce(string_agg(digest, '' ORDER BY block), '')) AS digest
    FROM block
    """
)


@dataclass(frozen=True, slots=True)
class Period:
    """A closed period: entries posted from ``began_at`` (None: the beginning of the book) until before ``ended_at``."""

    began_at: datetime | None
    ended_at: datetime
    entries: int
    digest: bytes
    sealed_at: datetime


def find_period(session: Session, ended_at: datetime) -> Period | None:
    """The closed period that ended at that moment."""
    row = session.execute(_BY_END, {"ended_at": ended_at}).one_or_none()
    return Period(*row) if row else None


def find_last_period(session: Session) -> Period | None:
    """The period closed last."""
    row = session.execute(_LAST).one_or_none()
    return Period(*row) if row else None


def closed_periods(session: Session) -> list[Period]:
    """All closed periods, oldest first."""
    return [Period(*row) for row in session.execute(_ALL)]


def digest_of(session: Session, began_at: datetime | None, ended_at: datetime) -> tuple[int, bytes]:
    """How many entries the period has, and its digest as the book stands."""
    row = session.execute(_DIGEST, {"began_at": began_at, "ended_at": ended_at}).one()
    return int(row.entries), bytes(row.digest)
