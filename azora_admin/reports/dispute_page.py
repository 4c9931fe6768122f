"""One dispute told from its first news to its last entry: what the bank asks, what it did, what we told it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from azora_admin.core.ids import DisputeId
from azora_admin.identity.tables import Person
from azora_admin.ledger.queries.entries import entries_for_reference
from azora_admin.payments.tables import DisputeAnswer, DisputeChange
from azora_admin.reports.dispute_list import DisputeRow, dispute_line
from azora_admin.reports.entries import Cause, EntryView, entry_views, parse_cause
from azora_admin.reports.payment_rows import PaymentRow
from azora_admin.reports.payment_story import payment_line


@dataclass(frozen=True, slots=True)
class Step:
    """The dispute came to a status."""

    at: datetime
    to_status: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody told the bank, or wants it told: ``evidence``, or ``accept``."""

    kind: str
    state: str
    asked_by: str
    requested_at: datetime
    ended_at: datetime | None
    failure_reason: str | None


@dataclass(frozen=True, slots=True)
class DisputePage:
    """Everything that the dispute's page shows. ``is_moving``: it may look otherwise in a moment."""

    dispute: DisputeRow
    payment: PaymentRow
    steps: Sequence[Step]
    entries: Sequence[EntryView]
    answers: Sequence[Answer]

    @property
    def is_moving(self) -> bool:
        return any(one.state in ("reserved", "unknown") for one in self.answers)

    @property
    def may_be_answered(self) -> bool:
        """Whether the bank takes an answer, and nobody gave one."""
        return self.dispute.is_answerable and all(one.state == "failed" for one in self.answers)


_ASKER = aliased(Person, name="asker")


def dispute_page(session: Session, dispute_id: DisputeId) -> DisputePage:
    """The dispute's page. Raises NotFound. Six statements however long its story is; use a snapshot."""
    dispute = dispute_line(session, dispute_id)
    return DisputePage(
        dispute=dispute,
        payment=payment_line(session, dispute.payment_id),
        steps=_steps(session, dispute_id),
        entries=entry_views(session, entries_for_reference(session, dispute.references)),
        answers=_answers(session, dispute_id),
    )


def _steps(session: Session, dispute_id: DisputeId) -> Sequence[Step]:
    rows = session.execute(
        select(DisputeChange.at, DisputeChange.to_status, DisputeChange.cause)
        .where(DisputeChange.dispute_id == dispute_id)
        .order_by(DisputeChange.number.desc())
    )
    return [Step(row.at, row.to_status, parse_cause(row.cause)) for row in rows]


def _answers(session: Session, dispute_id: DisputeId) -> Sequence[Answer]:
    rows = session.execute(
        select(
            DisputeAnswer.kind,
            DisputeAnswer.state,
            _ASKER.name,
            DisputeAnswer.requested_at,
            DisputeAnswer.ended_at,
            DisputeAnswer.failure_reason,
        )
        .join(_ASKER, _ASKER.id == DisputeAnswer.requested_by)
        .where(DisputeAnswer.dispute_id == dispute_id)
        .order_by(DisputeAnswer.requested_at.desc())
    )
    return [Answer(*row) for row in rows]
