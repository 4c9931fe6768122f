"""Days: which are to be compared, and what a comparison makes of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.reconciliation.rules.differences import SEALED_AFTER

# What time alone changes: a wait ends, a day is over, a day is old enough. Else a day is compared when it is due.
_AGAIN_AFTER: Final = timedelta(hours=1)
_UNFINISHED: Final = text(
    """
    SELECT day FROM reconciliation_day
     WHERE is_due OR (state = 'open') OR (state = 'agrees' AND day < :old)
        OR (state = 'differs' AND compared_at <= :before)
     ORDER BY day DESC
    """
)
_TO_SEAL: Final = text(
    "SELECT day FROM reconciliation_day WHERE state = 'agrees' AND day < :old ORDER BY day"
)
_DUE: Final = text("SELECT day FROM reconciliation_day WHERE is_due ORDER BY day DESC")
_ADD: Final = text(
    "INSERT INTO reconciliation_day (day) SELECT * FROM unnest(CAST(:days AS date[]))"
    " ON CONFLICT (day) DO UPDATE SET is_due = true"
)
_FINISH: Final = text(
    """
    UPDATE reconciliation_day d
       SET is_due = false, compared_at = :now, transactions = n.transactions, waiting = n.waiting,
           differing = n.differing,
           state = CASE WHEN n.differing > 0 THEN 'differs' WHEN n.waiting > 0 OR NOT :is_over THEN 'open'
                        WHEN :is_old AND (:was_read_again OR d.compared_at IS NULL) THEN 'sealed' ELSE 'agrees' END,
           sealed_at = CASE WHEN n.differing = 0 AND n.waiting = 0 AND :is_over
                             AND :is_old AND (:was_read_again OR d.compared_at IS NULL)
                            THEN coalesce(d.sealed_at, :now) END
      FROM (SELECT (SELECT count(*) FROM balance_transaction t WHERE t.day = :day) AS transactions,
                   count(*) FILTER (WHERE f.state = 'waiting') AS waiting,
                   count(*) FILTER (WHERE f.state = 'differs') AS differing
              FROM reconciliation_difference f WHERE f.day = :day) n
     WHERE d.day = :day
    """
)


def days_to_compare(session: Session) -> Sequence[date]:
    """The days that are due, or that time alone may have changed; the latest first."""
    values = {"old": _oldest_open_day(), "before": clock.now() - _AGAIN_AFTER}
    return session.scalars(_UNFINISHED, values).all()


def days_due(session: Session) -> Sequence[date]:
    """The days that something changed on since they were compared."""
    return session.scalars(_DUE).all()


def make_due(session: Session, days: Sequence[date]) -> None:
    """Have ``days`` compared, whatever they were."""
    if days:
        session.execute(_ADD, {"days": sorted(set(days))})


def days_to_seal(session: Session) -> Sequence[date]:
    """The days that agree and are old: Stripe's statement of them is to be read once more."""
    return session.scalars(_TO_SEAL, {"old": _oldest_open_day()}).all()


def finish_day(session: Session, day: date, *, read_until: datetime, was_read_again: bool) -> None:
    """The day was compared as far as Stripe's statement was read: say what that makes of it.

    It is sealed when it agrees, is old, and was read again since; one that was old already when it was first compared
    was read late enough.
    """
    ends_at = datetime.combine(day + timedelta(days=1), time(), UTC)
    session.execute(
        _FINISH,
        {
            "day": day,
            "now": clock.now(),
            "was_read_again": was_read_again,
            "is_over": read_until >= ends_at,
            "is_old": read_until >= ends_at + SEALED_AFTER,
        },
    )


def _oldest_open_day() -> date:
    """Whatever is before it is old enough to be sealed."""
    return (clock.now() - SEALED_AFTER).astimezone(UTC).date()
