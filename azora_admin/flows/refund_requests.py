"""A payer asks for their money back: the policy of the purchase decides, or a person of the staff.

Within the policy and small: the request and its refund are written down in one commit, and the refund goes the way of
every other (flows.refunding). Anything else waits for a person, who approves it through the same code and limits as any
refund, or declines it with a reason. The preview judges with the very function that decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.ids import PaymentId, RefundRequestId
from azora_admin.core.money import Money, money_text
from azora_admin.flows import refund_letters, refunding
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.marketplace import queries as courses
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import refund_requests as requests
from azora_admin.payments.actions import refunds
from azora_admin.payments.actions.refunds import RefundedPayment
from azora_admin.payments.queries import PaymentView, RefundRequestView
from azora_admin.payments.rules.refund_policy import Asked, Policy, Verdict, days_since, judge
from azora_admin.payments.rules.refund_requests import (
    check_wish,
    refund_reason,
    refuse_decided,
    refuse_outside,
    refuse_own,
    refuse_second,
)
from azora_admin.payments.rules.refunds import Limits, amount_to_refund, check_why


@dataclass(frozen=True, slots=True)
class Wish:
    """What a payer asks for: ``amount`` in minor units, None for all that is left; ``despite_policy``: all the same."""

    payment_id: PaymentId
    amount: int | None
    reason: str
    note: str = ""
    despite_policy: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """What the policy of the purchase says of a wish."""

    amount: Money
    asked: Asked
    policy: Policy
    verdict: Verdict


def preview(session: Session, payer: SignedIn, *, payment_id: PaymentId, amount: int | None) -> Judged:
    """What ``ask`` would decide now. Raises what it would raise, but for ``outside_refund_policy``."""
    payment = payments.get_payment(session, payment_id, payer_id=payer.person_id)
    return _judge(session, payment, refunds.read_payment(session, payment_id), amount)


def ask(
    stripe: StripeConnection,
    payer: SignedIn,
    actor: Actor,
    wish: Wish,
    *,
    ask_after: timedelta,
    finish: Finish[RefundRequestView] = unanswered,
) -> RefundRequestView:
    """Ask for money back: it goes back at once, or a person looks.

    ``finish`` as in ``refunding.request``. Raises NotFound for somebody else's payment, Invalid, Conflict
    ``refund_request_open``, ``outside_refund_policy``, or what ``amount_to_refund`` raises.
    """
    check_wish(reason=wish.reason, note=wish.note)
    with db.transaction() as session:
        payment = payments.get_payment(session, wish.payment_id, payer_id=payer.person_id)
        judged = _judge(session, payment, refunding.lock(session, wish.payment_id), wish.amount)
        refuse_outside(judged.verdict, despite_policy=wish.despite_policy)
        request_id = _write_down(session, payer, actor, wish, judged)
        refund = None
        if judged.verdict.outcome == "automatic":
            refund = _reserve(session, payer, actor, wish, judged, request_id, ask_after=ask_after)
        else:
            refund_letters.tell_requested(session, payment, request_id, judged.amount)
        finish(session, payments.get_request(session, request_id))
    if refund is not None:
        refunding.sent(
            stripe,
            actor,
            refund,
            lambda session, _: finish(session, payments.get_request(session, request_id)),
        )
    with db.reading() as session:
        return payments.get_request(session, request_id)


def withdraw(session: Session, payer: SignedIn, actor: Actor, request_id: RefundRequestId) -> None:
    """The payer takes a request back. Raises NotFound, Conflict ``refund_request_decided``."""
    payments.get_request(session, request_id, payer_id=payer.person_id)
    request = _lock(session, request_id)
    requests.withdraw_request(session, request_id)
    _note(session, actor, "withdrawn", request, after={"state": "withdrawn"})


def approve(
    stripe: StripeConnection,
    staff: SignedIn,
    actor: Actor,
    request_id: RefundRequestId,
    *,
    limits: Limits,
    ask_after: timedelta,
    finish: Finish[refunding.Requested] = unanswered,
) -> refunding.Requested:
    """Refund what is asked for, under the limits of whoever approves it.

    Raises NotFound, Conflict ``refund_request_decided`` or ``own_refund_request``, and what ``refunding.request`` does.
    """
    with db.reading() as session:
        request = payments.get_request(session, request_id)
    refuse_own(is_own=request.requested_by == staff.person_id)

    def link(session: Session, requested: refunding.Requested) -> None:
        found = payments.get_request(session, request_id)
        if found.refund_id != requested.refund.id:
            refuse_decided(found.state)
            requests.approve_request(session, request_id, refund_id=requested.refund.id, by=staff.person_id)
            _note(session, actor, "approved", found, after={"refund_id": requested.refund.id})
        finish(session, requested)

    wanted = refunding.Wanted(
        request.payment_id, request.amount.amount, refund_reason(request.reason), request.note
    )
    return refunding.request(stripe, staff, actor, wanted, limits=limits, ask_after=ask_after, finish=link)


def decline(
    session: Session, staff: SignedIn, actor: Actor, request_id: RefundRequestId, *, why: str
) -> None:
    """Not to be refunded; the payer reads ``why``. Raises Invalid (field ``why``), NotFound, Conflict."""
    words = check_why(why, "Say why: the learner reads it.")
    request = _lock(session, request_id)
    refuse_own(is_own=request.requested_by == staff.person_id)
    requests.decline_request(session, request_id, why=words, by=staff.person_id)
    _note(session, actor, "declined", request, after={"state": "declined"}, why=words)
    refund_letters.tell_declined(session, request.payment_id, request_id, request.amount, why=words)


def _judge(session: Session, payment: PaymentView, refundable: RefundedPayment, amount: int | None) -> Judged:
    money = amount_to_refund(refundable.refundable, amount)
    refuse_second(has_open=payments.has_open_request(session, payment.id))
    now = clock.now()
    asked = Asked(
        days=days_since(payment.settled_at or now, now),
        progress=_progress(session, payment),
        amount=money,
        refunded=refundable.refunded,
    )
    return Judged(money, asked, payment.policy, judge(payment.policy, asked))


def _progress(session: Session, payment: PaymentView) -> int:
    """Percent of the course that its learner has completed; what was paid beside courses has none."""
    if payment.course_id is None:
        return 0
    found = courses.find_progress(session, learner_id=payment.payer_id, course_id=payment.course_id)
    return found.percent


def _write_down(
    session: Session, payer: SignedIn, actor: Actor, wish: Wish, judged: Judged
) -> RefundRequestId:
    wanted = requests.NewRequest(
        payment_id=wish.payment_id,
        requested_by=payer.person_id,
        amount=judged.amount,
        reason=wish.reason,
        note=wish.note,
        verdict=judged.verdict.outcome,
        days=judged.asked.days,
        progress=judged.asked.progress,
    )
    request_id = requests.add_request(session, wanted)
    after = {
        "payment_id": wish.payment_id,
        "amount": judged.amount,
        "reason": wish.reason,
        "policy": judged.policy.version,
        "verdict": judged.verdict.outcome,
    }
    request = payments.get_request(session, request_id)
    _note(session, actor, "made", request, after=after, why=wish.note)
    return request_id


def _reserve(
    session: Session,
    payer: SignedIn,
    actor: Actor,
    wish: Wish,
    judged: Judged,
    request_id: RefundRequestId,
    *,
    ask_after: timedelta,
) -> refunding.Requested:
    """The policy refunds, and the payer is the cause."""
    policy = replace(actor, person_id=None, name=f"Refund policy {judged.policy.version}", key_id=None)
    payment = refunds.read_payment(session, wish.payment_id)
    plan = refunding.plan_of(session, payment, judged.amount, approver=None)
    asked = refunds.RefundRequest(
        payment.id, judged.amount, refund_reason(wish.reason), wish.note, payer.person_id
    )
    requested = refunding.write_down(session, policy, asked, plan, ask_after=ask_after)
    requests.approve_request(session, request_id, refund_id=requested.refund.id, by=None)
    return requested


def _lock(session: Session, request_id: RefundRequestId) -> RefundRequestView:
    """The request, under the lock of its payment. Raises NotFound, Conflict ``refund_request_decided``."""
    refunding.lock(session, payments.get_request(session, request_id).payment_id)
    request = payments.get_request(session, request_id)
    refuse_decided(request.state)
    return request


def _note(
    session: Session,
    actor: Actor,
    what: str,
    request: RefundRequestView,
    *,
    after: dict[str, object],
    why: str = "",
) -> None:
    label = f"Refund request for {money_text(request.amount)}"
    subject = Subject("refund_request", str(request.id), label)
    audit.record(session, actor, act=f"refund_request.{what}", subject=subject, after=after, why=why)
