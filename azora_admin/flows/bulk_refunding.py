"""Staff refund many payments: agreed to as a whole, made one by one by the code of every refund.

start   the run and its items in one commit with their job, if they are still what was agreed to
step    each item: its refund is reserved in the transaction that ends the item, so that a worker that dies anywhere
        leaves the item either untouched or with its one refund, which the ask takes further
cancel  ends what was not begun; what was begun stays

The preview is ``plan``, the function that ``start`` plans with; its lines are made by the rule that every refund posts
by. Each item keeps a hash of its lines: one whose refund would post others by then is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import DomainError
from azora_admin.core.ids import BulkRefundId, PaymentId, RefundId
from azora_admin.core.money import money_text
from azora_admin.flows import refund as settling
from azora_admin.flows import refunding
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.identity.actions import audit
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.messaging import outbox
from azora_admin.payments.actions import bulk_refunds as runs
from azora_admin.payments.actions import refunds
from azora_admin.payments.actions.bulk_refunds import NextItem
from azora_admin.payments.rules.bulk_refunds import (
    BulkPlan,
    Chosen,
    Item,
    check_agreement,
    plan_run,
    possible_items,
    refuse_other_lines,
)
from azora_admin.payments.rules.refunds import Limits, check_why, refuse_own_approval

_WITHOUT_A_JOB: Final = """SELECT id FROM bulk_refund WHERE state = 'running' AND NOT EXISTS (
    SELECT FROM procrastinate_jobs job WHERE job.task_name = :job
       AND job.status IN ('todo', 'doing') AND job.args->>'bulk_refund_id' = bulk_refund.id::text)"""


class Stopped(DomainError):
    """The run was ended, or another worker was faster: the item is not to be begun."""

    def __init__(self) -> None:
        super().__init__(409, "bulk_refund_over", "This run does not go on.")


def plan(session: Session, payment_ids: Sequence[PaymentId], limits: Limits) -> BulkPlan:
    """What ``start`` would agree to now, with every line that it will post. Two statements. Raises Invalid."""
    return plan_run(_chosen(session, payment_ids), limits)


def items_of(session: Session, payment_ids: Sequence[PaymentId]) -> list[Item]:
    """What each payment's refund would post now, left out what can't be refunded any more. Two statements."""
    return possible_items(_chosen(session, payment_ids))


def _chosen(session: Session, payment_ids: Sequence[PaymentId]) -> list[Chosen]:
    found = refunds.read_payments(session, payment_ids)
    shares = settling.shares_of(session, list(found))
    return [
        Chosen(payment_id, payment.refundable, shares.get(payment_id, ()))
        for payment_id in dict.fromkeys(payment_ids)
        if (payment := found.get(payment_id)) is not None
    ]


def start(
    session: Session,
    staff: SignedIn,
    actor: Actor,
    payment_ids: Sequence[PaymentId],
    *,
    reason: str,
    note: str,
    token: str,
    typed_count: str,
    limits: Limits,
) -> BulkRefundId:
    """Agree to a run: it begins at once or, above the limit, when a second person has approved it.

    Raises Invalid, Conflict ``selection_changed``.
    """
    planned = plan(session, payment_ids, limits)
    check_agreement(planned, token=token, typed_count=typed_count)
    refunding.check(refunding.Wanted(payment_ids[0], None, reason, note))
    bulk_id = runs.add_run(session, planned, reason=reason, note=note, by=staff.person_id)
    sums = " and ".join(money_text(one) for one in planned.sums)
    audit.record(
        session,
        actor,
        act="bulk_refund.requested" if planned.needs_approval else "bulk_refund.started",
        subject=Subject("bulk_refund", str(bulk_id), f"Refund of {len(planned.items):,} payments"),
        after={"payments": len(planned.items), "sums": sums, "reason": reason},
        why=note,
    )
    if not planned.needs_approval:
        _enqueue(session, bulk_id)
    return bulk_id


def approve(session: Session, approver: SignedIn, actor: Actor, bulk_id: BulkRefundId) -> None:
    """A second person lets a run begin. Raises NotFound, Conflict."""
    asked_by = runs.lock_run(session, bulk_id, states=("waiting",))
    refuse_own_approval(is_own=asked_by == approver.person_id)
    runs.approve_run(session, bulk_id, by=approver.person_id)
    _note(session, actor, "approved", bulk_id, after={"state": "running"})
    _enqueue(session, bulk_id)


def turn_down(session: Session, staff: SignedIn, actor: Actor, bulk_id: BulkRefundId, *, why: str) -> None:
    """A run that waits is not to be made. Raises Invalid (field ``why``), NotFound, Conflict."""
    words = check_why(why)
    runs.lock_run(session, bulk_id, states=("waiting",))
    runs.end_run(session, bulk_id, state="turned_down", by=staff.person_id, why=words)
    _note(session, actor, "turned_down", bulk_id, after={"state": "turned_down"}, why=words)


def cancel(session: Session, staff: SignedIn, actor: Actor, bulk_id: BulkRefundId) -> int:
    """Begin no item more. Returns how many were left. Raises NotFound, Conflict."""
    runs.lock_run(session, bulk_id, states=("waiting", "running"))
    left = runs.end_run(session, bulk_id, state="cancelled", by=staff.person_id, why=None)
    _note(session, actor, "cancelled", bulk_id, after={"state": "cancelled", "left": left})
    return left


def go_on(stripe: StripeConnection, bulk_id: BulkRefundId, *, limits: Limits, ask_after: timedelta) -> None:
    """Make every item that is left, one after another. What this began before it died is not begun again."""
    while step(stripe, bulk_id, limits=limits, ask_after=ask_after):
        pass


def step(stripe: StripeConnection, bulk_id: BulkRefundId, *, limits: Limits, ask_after: timedelta) -> bool:
    """Make the next item. False when there is none."""
    with db.reading() as session:
        item = runs.find_next(session, bulk_id)
        staff = get_person(session, item.requested_by) if item else None
    if item is None or staff is None:
        with db.transaction() as session:
            runs.end_when_done(session, bulk_id)
        return False
    try:
        _refund(stripe, staff, bulk_id, item, limits=limits, ask_after=ask_after)
    except Stopped:
        pass  # the next look at the run says whether it goes on
    except DomainError as refused:
        if refused.status >= 500:
            raise  # ours to mend, not the item's fault: the run goes on later
        with db.transaction() as session:
            runs.mark_refused(session, item.item_id, refusal=refused.detail)
    return True


def requeue_lost(session: Session) -> Sequence[BulkRefundId]:
    """Give every run that is under way and has no job a new one. Returns their ids."""
    lost = [
        BulkRefundId(one) for one in session.scalars(text(_WITHOUT_A_JOB), {"job": outbox.REFUND_IN_BULK})
    ]
    for bulk_id in lost:
        _enqueue(session, bulk_id)
    return lost


def _refund(
    stripe: StripeConnection,
    staff: SignedIn,
    bulk_id: BulkRefundId,
    item: NextItem,
    *,
    limits: Limits,
    ask_after: timedelta,
) -> None:
    begun: list[RefundId] = []

    def end_item(session: Session, requested: refunding.Requested) -> None:
        if begun:
            return  # the second time it is Stripe's answer
        refuse_other_lines(requested.legs, agreed=item.legs_hash)
        if not runs.mark_made(session, bulk_id, item.item_id, requested.refund.id):
            raise Stopped
        begun.append(requested.refund.id)

    refunding.request(
        stripe,
        staff,
        Actor(staff.person_id, staff.name, "job", request_id=f"bulk_refund:{bulk_id}", address=""),
        refunding.Wanted(item.payment_id, item.amount.amount, item.reason, item.note),
        limits=limits,
        ask_after=ask_after,
        approved_by=item.approved_by,
        finish=end_item,
    )


def _enqueue(session: Session, bulk_id: BulkRefundId) -> None:
    outbox.enqueue(
        session,
        outbox.REFUND_IN_BULK,
        {"bulk_refund_id": str(bulk_id)},
        lock=f"bulk_refund:{bulk_id}",
    )


def _note(
    session: Session,
    actor: Actor,
    what: str,
    bulk_id: BulkRefundId,
    *,
    after: dict[str, object],
    why: str = "",
) -> None:
    subject = Subject("bulk_refund", str(bulk_id), "Refund of many payments")
    audit.record(session, actor, act=f"bulk_refund.{what}", subject=subject, after=after, why=why)
