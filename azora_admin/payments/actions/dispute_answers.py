"""Our one answer to a bank, from request to end: written here with all that it says, sent by flows.answering."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict, NotFound
from azora_admin.core.ids import DisputeId, PersonId, new_id
from azora_admin.payments.rules.disputes import ANSWERABLE
from azora_admin.payments.rules.settlement import pause_before_ask
from azora_admin.payments.tables import Dispute, DisputeAnswer, Payment


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer on its way. ``file_id``: where its packet is at Stripe; None as long as that is not known."""

    id: UUID
    dispute_id: DisputeId
    kind: str
    state: str
    evidence: Mapping[str, str] | None
    packet: bytes | None
    file_id: str | None
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """An answer that Stripe is to be asked about."""

    id: UUID
    intent_id: str | None


def find_intent_id(session: Session, dispute_id: DisputeId) -> str | None:
    """The intent under whose lock the dispute is changed. Raises NotFound."""
    row = session.execute(
        select(Payment.stripe_payment_intent_id)
        .join(Dispute, Dispute.payment_id == Payment.id)
        .where(Dispute.id == dispute_id)
    ).one_or_none()
    if row is None:
        raise NotFound("dispute_not_found", "There is no such dispute.")
    intent_id: str | None = row.stripe_payment_intent_id
    return intent_id


def request(
    session: Session,
    dispute_id: DisputeId,
    *,
    evidence: Mapping[str, str] | None,
    packet: bytes | None,
    asked_by: PersonId,
    ask_after: timedelta,
) -> UUID:
    """Write the answer down before Stripe hears of it; without ``evidence`` we accept the dispute.

    Raises Conflict ``dispute_not_answerable`` once the bank takes no answer, ``dispute_answered`` after the first.
    """
    status = session.scalar(select(Dispute.status).where(Dispute.id == dispute_id).with_for_update())
    if status not in ANSWERABLE:
        raise Conflict("dispute_not_answerable", "The bank takes no answer to this dispute now.")
    live = select(DisputeAnswer.id).where(
        DisputeAnswer.dispute_id == dispute_id, DisputeAnswer.state != "failed"
    )
    if session.scalar(live) is not None:
        raise Conflict(
            "dispute_answered", "Somebody has answered this dispute already: a bank takes one answer."
        )
    now, answer_id = clock.now(), new_id()
    said = {} if evidence is None else {"evidence": dict(evidence), "packet": packet}
    session.execute(
        insert(DisputeAnswer).values(
            id=answer_id,
            dispute_id=dispute_id,
            kind="accept" if evidence is None else "evidence",
            state="reserved",
            requested_by=asked_by,
            requested_at=now,
            next_ask_at=now + ask_after,
            ask_count=0,
            **said,
        )
    )
    return answer_id


def get(session: Session, answer_id: UUID) -> Answering:
    """The answer with all that it says. Raises NotFound."""
    row = session.get(DisputeAnswer, answer_id)
    if row is None:
        raise NotFound("answer_not_found", "There is no such answer.")
    return Answering(
        row.id,
        DisputeId(row.dispute_id),
        row.kind,
        row.state,
        row.evidence,
        row.packet,
        row.stripe_file_id,
        row.requested_at,
    )


def record_file(session: Session, answer_id: UUID, *, file_id: str) -> None:
    """Keep where the packet is at Stripe."""
    session.execute(update(DisputeAnswer).where(DisputeAnswer.id == answer_id).values(stripe_file_id=file_id))


def mark_unknown(session: Session, answer_id: UUID) -> None:
    """Stripe did not answer: the answer is asked about until it does."""
    session.execute(
        update(DisputeAnswer)
        .where(DisputeAnswer.id == answer_id, DisputeAnswer.state == "reserved")
        .values(state="unknown")
    )


def end(session: Session, answer_id: UUID, *, failure: str | None = None) -> None:
    """The bank has it, or it will never have it for the reason ``failure``. What ended stays so."""
    session.execute(
        update(DisputeAnswer)
        .where(DisputeAnswer.id == answer_id, DisputeAnswer.state.in_(("reserved", "unknown")))
        .values(
            state="failed" if failure else "sent",
            failure_reason=failure,
            ended_at=clock.now(),
            next_ask_at=None,
        )
    )


def take_due(session: Session, *, first_pause: timedelta, limit: int) -> Sequence[Due]:
    """The answers that nothing was heard of for long enough; each gets the time of its next try."""
    now = clock.now()
    rows = session.execute(
        select(DisputeAnswer.id, DisputeAnswer.ask_count, Payment.stripe_payment_intent_id)
        .join(Dispute, Dispute.id == DisputeAnswer.dispute_id)
        .join(Payment, Payment.id == Dispute.payment_id)
        .where(DisputeAnswer.next_ask_at <= now, DisputeAnswer.parked_at.is_(None))
        .order_by(DisputeAnswer.next_ask_at)
        .limit(limit)
        .with_for_update(of=DisputeAnswer, skip_locked=True)
    ).all()
    for row in rows:
        count = row.ask_count + 1
        session.execute(
            update(DisputeAnswer)
            .where(DisputeAnswer.id == row.id)
            .values(next_ask_at=now + pause_before_ask(count, first=first_pause), ask_count=count)
        )
    return [Due(row.id, row.stripe_payment_intent_id) for row in rows]
