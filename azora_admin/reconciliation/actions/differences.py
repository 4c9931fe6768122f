"""Differences as they are found again and again: one row an object, which is reopened when its figures change.

What was explained stays so as long as both sides say what they said then. What agrees by now is resolved, and a
proposal about it is overtaken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import new_id
from azora_admin.reconciliation.rules.differences import Finding
from azora_admin.reconciliation.rules.movements import Movement, as_json


@dataclass(frozen=True, slots=True)
class Found:
    """A movement that differs, how, and the payment that it is about, where there is one."""

    movement: Movement
    finding: Finding
    payment_id: UUID | None

    @property
    def day(self) -> date:
        """The day that it stands under."""
        return self.movement.began_at.astimezone(UTC).date()


_KEEP: Final = text(
    """
    INSERT INTO reconciliation_difference AS d
      (id, source, category, day, kind, state, theirs, ours, payment_id, began_at, found_at, compared_at)
    SELECT f.*, :now, :now FROM jsonb_to_recordset(CAST(:found AS jsonb)) AS f (
      id uuid, source text, category text, day date, kind text, state text, theirs jsonb, ours jsonb, payment_id uuid,
      began_at timestamptz)
    ON CONFLICT (source, category) DO UPDATE
      SET day = excluded.day, kind = excluded.kind, theirs = excluded.theirs, ours = excluded.ours,
          payment_id = excluded.payment_id, began_at = excluded.began_at, compared_at = excluded.compared_at,
          resolved_at = NULL,
          found_at = CASE WHEN d.state = 'resolved' THEN excluded.found_at ELSE d.found_at END,
          state = CASE WHEN d.state = 'explained' AND (d.theirs, d.ours) = (excluded.theirs, excluded.ours)
                       THEN d.state ELSE excluded.state END
    """
)
# Stripe's day may turn out to be another than ours was: the one that it stood under has one difference less.
_LEFT: Final = text(
    """
    UPDATE reconciliation_day SET is_due = true
      FROM jsonb_to_recordset(CAST(:found AS jsonb)) AS f (source text, category text, day date)
      JOIN reconciliation_difference d ON d.source = f.source AND d.category = f.category AND d.day <> f.day
     WHERE reconciliation_day.day = d.day
    """
)
_RESOLVE: Final = """
    WITH resolved AS (
      UPDATE reconciliation_difference d SET state = 'resolved', resolved_at = :now, compared_at = :now
       WHERE d.state <> 'resolved' AND {which} AND NOT d.id = ANY(
         SELECT k.id FROM reconciliation_difference k
           JOIN unnest(CAST(:sources AS text[]), CAST(:categories AS text[])) AS f (source, category)
             ON k.source = f.source AND k.category = f.category)
      RETURNING d.id, d.day
    ), due AS (
      UPDATE reconciliation_day SET is_due = true FROM resolved WHERE reconciliation_day.day = resolved.day
    )
    UPDATE reconciliation_decision c SET state = 'overtaken', decided_at = :now
      FROM resolved WHERE c.difference_id = resolved.id AND c.state = 'waiting'
    """
_RESOLVE_OF_DAY: Final = text(
    _RESOLVE.format(
        which="""(d.day = :day OR EXISTS (
           SELECT FROM balance_transaction t WHERE t.source = d.source AND t.category = d.category AND t.day = :day
              AND NOT EXISTS (SELECT FROM balance_transaction x
                               WHERE x.source = d.source AND x.category = d.category AND x.day < :day)))"""
    )
)
_RESOLVE_OF_LIST: Final = text(
    _RESOLVE.format(
        which="""(d.source, d.category) IN (
           SELECT * FROM unnest(CAST(:of_sources AS text[]), CAST(:of_categories AS text[])))"""
    )
)
_DUE: Final = text(
    "INSERT INTO reconciliation_day (day) SELECT DISTINCT * FROM unnest(CAST(:days AS date[]))"
    " ON CONFLICT (day) DO UPDATE SET is_due = true"
)


def keep_of_day(session: Session, day: date, found: Sequence[Found]) -> None:
    """``found`` is all that differs of what began on ``day``; the rest of it agrees."""
    _keep(session, found)
    session.execute(_RESOLVE_OF_DAY, {"day": day, "now": clock.now(), **_keys(found)})


def keep_of(session: Session, keys: Sequence[tuple[str, str]], found: Sequence[Found]) -> None:
    """``found`` is all that differs of ``keys``; its days are due."""
    _keep(session, found)
    of = {"of_sources": [source for source, _ in keys], "of_categories": [category for _, category in keys]}
    session.execute(_RESOLVE_OF_LIST, {"now": clock.now(), **of, **_keys(found)})
    if found:
        session.execute(_DUE, {"days": [one.day for one in found]})


def _keep(session: Session, found: Sequence[Found]) -> None:
    if found:
        lines = orjson.dumps([_line(one) for one in found]).decode()
        session.execute(_LEFT, {"found": lines})
        session.execute(_KEEP, {"found": lines, "now": clock.now()})


def _keys(found: Sequence[Found]) -> Mapping[str, Any]:
    movements = [one.movement for one in found]
    return {
        "sources": [one.source for one in movements],
        "categories": [one.category for one in movements],
    }


def _line(one: Found) -> dict[str, Any]:
    movement = one.movement
    return {
        "id": str(new_id()),
        "source": movement.source,
        "category": movement.category,
        "day": one.day.isoformat(),
        "kind": one.finding.kind.code,
        "state": "waiting" if one.finding.is_waiting else "differs",
        "theirs": as_json(movement.theirs),
        "ours": as_json(movement.ours),
        "payment_id": one.payment_id and str(one.payment_id),
        "began_at": movement.began_at.isoformat(),
    }
