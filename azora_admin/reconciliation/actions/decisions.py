"""Proposals about differences, and what became of them. The database refuses an approval by the proposer, too."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import EntryId, PersonId, new_id
from azora_admin.ledger.rules import Leg
from azora_admin.reconciliation.rules.corrections import legs_as_json
from azora_admin.reconciliation.tables import ReconciliationDecision, ReconciliationDifference


def propose(
    session: Session,
    difference_id: UUID,
    *,
    act: str,
    reason: str,
    legs: Sequence[Leg],
    counter: str | None,
    proposed_by: PersonId,
) -> UUID:
    """Write a proposal down. The database refuses a second one that waits. Returns its id."""
    decision_id = new_id()
    session.execute(
        insert(ReconciliationDecision).values(
            id=decision_id,
            difference_id=difference_id,
            act=act,
            state="waiting",
            reason=reason,
            legs=legs_as_json(legs),
            counter=counter,
            proposed_by=proposed_by,
            proposed_at=clock.now(),
        )
    )
    return decision_id


def decide(
    session: Session,
    decision_id: UUID,
    *,
    state: str,
    decided_by: PersonId,
    entry_id: EntryId | None = None,
) -> None:
    """Approve a proposal (with the entry that was posted, if it is a correction) or turn it down."""
    session.execute(
        update(ReconciliationDecision)
        .where(ReconciliationDecision.id == decision_id)
        .values(state=state, decided_by=decided_by, decided_at=clock.now(), entry_id=entry_id)
    )


def explain(session: Session, difference_id: UUID) -> None:
    """The difference is accepted as it is, as long as neither side says anything else."""
    session.execute(
        update(ReconciliationDifference)
        .where(ReconciliationDifference.id == difference_id)
        .values(state="explained")
    )
