"""Disputes as Stripe tells them, written down under the lock of their payment; booked by flows.dispute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import DisputeId, PaymentId, new_id
from azora_admin.core.money import Money
from azora_admin.gateways.stripe import shapes
from azora_admin.payments.rules.disputes import Held, Movement, is_closed, next_ask
from azora_admin.payments.tables import Dispute, DisputeChange, DisputeMovement, FraudWarning, Payment


@dataclass(frozen=True, slots=True)
class Known:
    """A dispute under lock, as it stood before the news. ``movements``: what is booked of it."""

    id: DisputeId
    status: str
    held: Held
    movements: frozenset[str]
    told_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """A dispute that Stripe is to be asked about."""

    id: DisputeId
    intent_id: str | None


def open_or_lock(session: Session, payment_id: PaymentId, told: shapes.Dispute, *, cause: str) -> Known:
    """The row of the dispute, locked; one that is new to us is written down as Stripe tells it, with nothing booked."""
    known = _lock(session, told.id)
    if known is not None:
        return known
    now = clock.now()
    dispute_id = DisputeId(new_id())
    closed_at = now if is_closed(told.status) else None
    session.execute(
        insert(Dispute).values(
            id=dispute_id,
            payment_id=payment_id,
            stripe_dispute_id=told.id,
            currency=told.amount.currency,
            withdrawn_minor=0,
            withheld_minor=0,
            decisions=0,
            opened_at=told.opened_at,
            closed_at=closed_at,
            ask_count=0,
            **_told(told, closed_at),
        )
    )
    _note(session, dispute_id, from_status=None, to_status=told.status, cause=cause)
    nothing = Money.zero(told.amount.currency)
    return Known(dispute_id, told.status, Held(nothing, nothing, 0), frozenset(), told.asked_at, closed_at)


def record(
    session: Session,
    known: Known,
    told: shapes.Dispute,
    held: Held,
    news: Sequence[Movement],
    *,
    cause: str,
) -> None:
    """Keep what Stripe says of the dispute, what was booked of it, and the step if it took one."""
    closed_at = (known.closed_at or clock.now()) if is_closed(told.status) else None
    session.execute(
        update(Dispute)
        .where(Dispute.id == known.id)
        .values(
            withdrawn_minor=held.withdrawn.amount,
            withheld_minor=held.withheld.amount,
            decisions=held.decisions,
            closed_at=closed_at,
            ask_count=0,
            **_told(told, closed_at),
        )
    )
    if news:
        session.execute(
            insert(DisputeMovement),
            [
                {
                    "stripe_balance_transaction_id": one.id,
                    "dispute_id": known.id,
                    "taken_minor": one.taken.amount,
                    "fee_minor": one.fee.amount,
                    "fee_currency": one.fee.currency,
                    "at": one.at,
                }
                for one in news
            ],
        )
    if told.status != known.status:
        _note(session, known.id, from_status=known.status, to_status=told.status, cause=cause)


def ask_again(session: Session, dispute_id: DisputeId) -> None:
    """The picture at hand may be older than what is known: Stripe is asked again, soon."""
    session.execute(update(Dispute).where(Dispute.id == dispute_id).values(next_ask_at=clock.now()))


def take_due(session: Session, *, limit: int) -> Sequence[Due]:
    """The disputes that are to be looked at; each gets the time of its next look."""
    now = clock.now()
    rows = session.execute(
        select(Dispute.id, Dispute.status, Dispute.closed_at, Payment.stripe_payment_intent_id)
        .join(Payment, Payment.id == Dispute.payment_id)
        .where(Dispute.next_ask_at <= now)
        .order_by(Dispute.next_ask_at)
        .limit(limit)
        .with_for_update(of=Dispute, skip_locked=True)
    ).all()
    for row in rows:
        next_at = next_ask(row.status, closed_at=row.closed_at, now=now)
        session.execute(
            update(Dispute)
            .where(Dispute.id == row.id)
            .values(next_ask_at=next_at, ask_count=Dispute.ask_count + 1)
        )
    return [Due(DisputeId(row.id), row.stripe_payment_intent_id) for row in rows]


def record_warning(session: Session, payment_id: PaymentId, told: shapes.FraudWarning) -> bool:
    """Keep an early fraud warning. Whether it is new; what was acted on stays so, whatever comes late."""
    made = session.scalar(
        upsert(FraudWarning)
        .values(
            id=new_id(),
            payment_id=payment_id,
            stripe_warning_id=told.id,
            fraud_type=told.fraud_type,
            is_actionable=told.is_actionable,
            warned_at=told.warned_at,
        )
        .on_conflict_do_nothing(index_elements=["stripe_warning_id"])
        .returning(FraudWarning.id)
    )
    if made is None and not told.is_actionable:
        session.execute(
            update(FraudWarning).where(FraudWarning.stripe_warning_id == told.id).values(is_actionable=False)
        )
    return made is not None


def _lock(session: Session, stripe_dispute_id: str) -> Known | None:
    row = session.execute(
        select(Dispute).where(Dispute.stripe_dispute_id == stripe_dispute_id).with_for_update()
    ).scalar_one_or_none()
    if row is None:
        return None
    booked = session.scalars(
        select(DisputeMovement.stripe_balance_transaction_id).where(DisputeMovement.dispute_id == row.id)
    )
    held = Held(
        Money(row.withdrawn_minor, row.currency), Money(row.withheld_minor, row.currency), row.decisions
    )
    return Known(DisputeId(row.id), row.status, held, frozenset(booked), row.told_at, row.closed_at)


def _told(told: shapes.Dispute, closed_at: datetime | None) -> dict[str, object]:
    now = clock.now()
    return {
        "amount_minor": told.amount.amount,
        "reason": told.reason,
        "network_code": told.network_code,
        "status": told.status,
        "submissions": told.submissions,
        "due_at": told.due_at,
        "changed_at": now,
        "told_at": now,
        "next_ask_at": next_ask(told.status, closed_at=closed_at, now=now),
    }


def _note(
    session: Session, dispute_id: DisputeId, *, from_status: str | None, to_status: str, cause: str
) -> None:
    number = select(func.coalesce(func.max(DisputeChange.number), 0) + 1).where(
        DisputeChange.dispute_id == dispute_id
    )
    session.execute(
        insert(DisputeChange).values(
            dispute_id=dispute_id,
            number=number.scalar_subquery(),
            at=clock.now(),
            from_status=from_status,
            to_status=to_status,
            cause=cause,
        )
    )
