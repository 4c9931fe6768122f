"""Decisions on differences, and whose accounts a correction may stand against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.ledger.queries import BookedEntry, entries_for_reference
from azora_admin.ledger.rules import Leg
from azora_admin.reconciliation.rules.corrections import legs_from_json
from azora_admin.reconciliation.tables import ReconciliationDecision


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision as it stands. ``legs`` are what is, or was, to be posted."""

    id: UUID
    difference_id: UUID
    act: str
    state: str
    reason: str
    legs: tuple[Leg, ...]
    counter: str | None
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    entry_id: UUID | None


def decisions_of(session: Session, difference_id: UUID) -> Sequence[DecisionView]:
    """Everything that was ever proposed about it, the latest first."""
    found = session.scalars(
        select(ReconciliationDecision)
        .where(ReconciliationDecision.difference_id == difference_id)
        .order_by(ReconciliationDecision.proposed_at.desc(), ReconciliationDecision.id.desc())
    )
    return [_view(one) for one in found]


def get_decision(session: Session, decision_id: UUID) -> DecisionView:
    """One decision. Raises NotFound."""
    found = session.get(ReconciliationDecision, decision_id, populate_existing=True)
    if found is None:
        raise NotFound("decision_not_found", "There is no such proposal.")
    return _view(found)


def parties_of(session: Session, payment_id: UUID | None) -> Sequence[str]:
    """The accounts of those who were owed a share of the payment, by the book."""
    return sharing(entries_for_reference(session, [str(payment_id)])) if payment_id else []


def sharing(entries: Sequence[BookedEntry]) -> list[str]:
    """The accounts of those who were owed a share of the sale among ``entries``."""
    legs = [leg for entry in entries if entry.kind == "sale" for leg in entry.legs]
    return [leg.key for leg in legs if leg.account_kind == "instructor_payable"]


def _view(one: ReconciliationDecision) -> DecisionView:
    return DecisionView(
        one.id,
        one.difference_id,
        one.act,
        one.state,
        one.reason,
        legs_from_json(one.legs),
        one.counter,
        one.proposed_by,
        one.proposed_at,
        one.decided_by,
        one.decided_at,
        one.entry_id,
    )
