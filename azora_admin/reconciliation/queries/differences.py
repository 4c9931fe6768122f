"""Differences as they were last found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.reconciliation.rules.differences import Kind, kind_called, noun_of
from azora_admin.reconciliation.rules.movements import Movement, from_json
from azora_admin.reconciliation.tables import ReconciliationDifference

_COLUMNS: Final = (
    ReconciliationDifference.id,
    ReconciliationDifference.source,
    ReconciliationDifference.category,
    ReconciliationDifference.day,
    ReconciliationDifference.kind,
    ReconciliationDifference.state,
    ReconciliationDifference.theirs,
    ReconciliationDifference.ours,
    ReconciliationDifference.payment_id,
    ReconciliationDifference.began_at,
    ReconciliationDifference.found_at,
    ReconciliationDifference.resolved_at,
)


@dataclass(frozen=True, slots=True)
class DifferenceView:
    """A difference as it was last found."""

    id: UUID
    movement: Movement
    kind: Kind
    state: str
    day: date
    payment_id: UUID | None
    found_at: datetime
    resolved_at: datetime | None

    @property
    def sentence(self) -> str:
        """What it says, of what."""
        return self.kind.sentence.format(noun=noun_of(self.movement.category))

    @property
    def source(self) -> str:
        return self.movement.source


def differences_query() -> Select[*tuple[Any, ...]]:
    """Differences as rows for ``difference_view``."""
    return select(*_COLUMNS)


def difference_view(row: Row[*tuple[Any, ...]]) -> DifferenceView:
    """One row of ``differences_query``."""
    kind = kind_called(row.kind)
    movement = Movement(
        source=row.source,
        category=row.category,
        theirs=from_json(row.theirs),
        ours=from_json(row.ours),
        began_at=row.began_at,
        is_readable=row.kind != "unreadable",
    )
    return DifferenceView(
        row.id, movement, kind, row.state, row.day, row.payment_id, row.found_at, row.resolved_at
    )


def get_difference(session: Session, difference_id: UUID) -> DifferenceView:
    """One difference. Raises NotFound."""
    row = session.execute(
        differences_query().where(ReconciliationDifference.id == difference_id)
    ).one_or_none()
    if row is None:
        raise NotFound("difference_not_found", "There is no such difference.")
    return difference_view(row)


def open_differences(session: Session, *, limit: int) -> Sequence[DifferenceView]:
    """What differs now, the oldest first."""
    found = session.execute(
        differences_query()
        .where(ReconciliationDifference.state == "differs")
        .order_by(ReconciliationDifference.began_at, ReconciliationDifference.id)
        .limit(limit)
    )
    return [difference_view(row) for row in found]


def count_by_state(session: Session) -> dict[str, int]:
    """How many differences are in each state that is not over."""
    rows = session.execute(
        select(ReconciliationDifference.state, func.count())
        .where(ReconciliationDifference.state.in_(("waiting", "differs", "explained")))
        .group_by(ReconciliationDifference.state)
    )
    return {row[0]: row[1] for row in rows}
