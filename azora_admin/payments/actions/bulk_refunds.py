"""Runs of many refunds, from the agreement to the last item; each item ends once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict, NotFound
from azora_admin.core.ids import BulkRefundId, PaymentId, PersonId, RefundId, new_id
from azora_admin.core.money import Money
from azora_admin.ledger.rules import legs_hash
from azora_admin.payments.rules.bulk_refunds import BulkPlan
from azora_admin.payments.tables import BulkRefund, BulkRefundItem


@dataclass(frozen=True, slots=True)
class NextItem:
    """What a run does next, and for whom; ``legs_hash`` is that of the lines that were agreed to."""

    item_id: str
    payment_id: PaymentId
    amount: Money
    legs_hash: bytes | None
    reason: str
    note: str
    requested_by: PersonId
    approved_by: PersonId | None


def add_run(session: Session, plan: BulkPlan, *, reason: str, note: str, by: PersonId) -> BulkRefundId:
    """Write down what was agreed to; one that needs a second person's approval only waits."""
    bulk_id, now = BulkRefundId(new_id()), clock.now()
    session.execute(
        insert(BulkRefund).values(
            id=bulk_id,
            requested_by=by,
            reason=reason,
            note=note,
            state="waiting" if plan.needs_approval else "running",
            item_count=len(plan.items),
            needs_approval=plan.needs_approval,
            requested_at=now,
        )
    )
    rows = [
        {
            "id": new_id(),
            "bulk_refund_id": bulk_id,
            "payment_id": item.payment_id,
            "amount_minor": item.amount.amount,
            "currency": item.amount.currency,
            "legs_hash": legs_hash(item.legs),
            "state": "queued",
        }
        for item in plan.items
    ]
    session.execute(insert(BulkRefundItem), rows)
    return bulk_id


def lock_run(session: Session, bulk_id: BulkRefundId, *, states: tuple[str, ...]) -> PersonId:
    """Who asked for the run, its row locked. Raises NotFound, Conflict ``bulk_refund_over`` in any other state."""
    row = session.execute(
        select(BulkRefund.requested_by, BulkRefund.state).where(BulkRefund.id == bulk_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("bulk_refund_not_found", "There is no such run.")
    if row.state not in states:
        raise Conflict("bulk_refund_over", f"This run is {row.state.replace('_', ' ')}.")
    return PersonId(row.requested_by)


def approve_run(session: Session, bulk_id: BulkRefundId, *, by: PersonId) -> None:
    """It may begin."""
    session.execute(
        update(BulkRefund).where(BulkRefund.id == bulk_id).values(state="running", approved_by=by)
    )


def end_run(
    session: Session, bulk_id: BulkRefundId, *, state: str, by: PersonId | None, why: str | None
) -> int:
    """No item more is begun. Returns how many were left."""
    now = clock.now()
    session.execute(
        update(BulkRefund)
        .where(BulkRefund.id == bulk_id)
        .values(state=state, ended_at=now, ended_by=by, why_ended=why)
    )
    left = session.execute(
        update(BulkRefundItem)
        .where(BulkRefundItem.bulk_refund_id == bulk_id, BulkRefundItem.state == "queued")
        .values(state="cancelled", done_at=now)
        .returning(BulkRefundItem.id)
    ).all()
    return len(left)


def end_when_done(session: Session, bulk_id: BulkRefundId) -> None:
    """A run without an item left is done."""
    queued = exists().where(BulkRefundItem.bulk_refund_id == bulk_id, BulkRefundItem.state == "queued")
    session.execute(
        update(BulkRefund)
        .where(BulkRefund.id == bulk_id, BulkRefund.state == "running", ~queued)
        .values(state="done", ended_at=clock.now())
    )


def find_next(session: Session, bulk_id: BulkRefundId) -> NextItem | None:
    """The first item that a run has not begun; None when there is none, or it may not go on."""
    row = session.execute(
        select(
            BulkRefundItem.id,
            BulkRefundItem.payment_id,
            BulkRefundItem.amount_minor,
            BulkRefundItem.currency,
            BulkRefundItem.legs_hash,
            BulkRefund.reason,
            BulkRefund.note,
            BulkRefund.requested_by,
            BulkRefund.approved_by,
        )
        .join(BulkRefund, BulkRefund.id == BulkRefundItem.bulk_refund_id)
        .where(BulkRefund.id == bulk_id, BulkRefund.state == "running", BulkRefundItem.state == "queued")
        .order_by(BulkRefundItem.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return NextItem(
        str(row.id),
        PaymentId(row.payment_id),
        Money(row.amount_minor, row.currency),
        row.legs_hash,
        row.reason,
        row.note,
        PersonId(row.requested_by),
        PersonId(row.approved_by) if row.approved_by else None,
    )


def mark_made(session: Session, bulk_id: BulkRefundId, item_id: str, refund_id: RefundId) -> bool:
    """The item has its refund, in the transaction that reserves it. False: it must not have one any more."""
    state = session.scalar(
        select(BulkRefund.state).where(BulkRefund.id == bulk_id).with_for_update(read=True)
    )
    if state != "running":
        return False
    return _end_item(session, item_id, state="made", refund_id=refund_id)


def mark_refused(session: Session, item_id: str, *, refusal: str) -> None:
    """Nothing is refunded of the item."""
    _end_item(session, item_id, state="refused", refusal=refusal)


def _end_item(session: Session, item_id: str, **values: object) -> bool:
    ended = session.execute(
        update(BulkRefundItem)
        .where(BulkRefundItem.id == item_id, BulkRefundItem.state == "queued")
        .values(done_at=clock.now(), **values)
        .returning(BulkRefundItem.id)
    ).one_or_none()
    return ended is not None
