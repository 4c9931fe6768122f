"""A dispute settles by Stripe's word: its money booked, the payment's status, the access that rests on it. One commit.

The same step whoever brings the news (event, ask, or our own answer), under the lock of the payment's intent, which
refunds take, too: what is left of a payment is one number, and both look at it. A picture that was asked for before the
last one was written down may be older: nothing is made of it but another question.

Payouts must ask here, once there are any: ``payment.withdrawn_minor`` is out of the parties' balances already, and an
instructor whose balance is below zero by it has nothing to pay out.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.ids import DisputeId
from azora_admin.core.money import Money, money_text
from azora_admin.flows import dispute_letters, exchanging, standing
from azora_admin.flows.refund import find_shares
from azora_admin.gateways.stripe import disputes as gateway
from azora_admin.gateways.stripe import shapes
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.ledger import actions as ledger
from azora_admin.ledger.rules import Entry
from azora_admin.messaging import outbox
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import disputes, refunds
from azora_admin.payments.actions.disputes import Known
from azora_admin.payments.actions.refunds import RefundedPayment
from azora_admin.payments.rules import disputes as rules
from azora_admin.payments.rules.disputes import Movement, Posting
from azora_admin.payments.rules.exchange import Exchange

_BATCH = 200


def settle(session: Session, told: shapes.Dispute, *, cause: str) -> bool:
    """Bring the dispute to what Stripe says. False when its payment is not one of ours, or not settled yet.

    Raises DisputeMismatch.
    """
    if told.intent_id is None:
        return False
    db.lock(session, outbox.stripe_lock(told.intent_id))
    payment = refunds.lock_payment_of_intent(session, told.intent_id)
    if payment is None:
        return False
    shares = find_shares(session, payment.id)
    if shares == ():
        return False
    known = disputes.open_or_lock(session, payment.id, told, cause=cause)
    if told.asked_at < known.told_at:
        disputes.ask_again(session, known.id)
        return True
    news = _news(known, told, payment)
    step = rules.bring(
        str(known.id), known.held, news, told.status, shares=shares, gone=payment.refundable.gone.amount
    )
    for posting in step.postings:
        _post(session, posting, cause=cause)
    disputes.record(session, known, told, step.held, news, cause=cause)
    _book_exchanges(session, payment, told, news, cause=cause)
    _follow(session, payment, told, cause=cause)
    dispute_letters.tell_opened(session, payments.get_dispute(session, known.id))
    return True


def settle_warning(session: Session, told: shapes.FraudWarning) -> bool:
    """Keep an early fraud warning. False when its payment is not one of ours."""
    payment = refunds.lock_payment_of_intent(session, told.intent_id) if told.intent_id else None
    if payment is None:
        return False
    if disputes.record_warning(session, payment.id, told) and told.is_actionable:
        dispute_letters.tell_warned(session, payment.id, told.id, left=payment.refundable.left)
    return True


def enqueue_due() -> int:
    """Enqueue a question for every dispute that is due, with its next time. Returns how many."""
    with db.transaction() as session:
        due = disputes.take_due(session, limit=_BATCH)
        for one in due:
            outbox.enqueue(
                session,
                outbox.ASK_FOR_DISPUTE,
                {"dispute_id": str(one.id)},
                lock=outbox.stripe_lock(one.intent_id or str(one.id)),
            )
    return len(due)


def ask(stripe: StripeConnection, dispute_id: DisputeId) -> None:
    """Bring the dispute to what Stripe says of it now. Raises NoAnswer; the next question is set."""
    with db.reading() as session:
        known = payments.get_dispute(session, dispute_id)
    told = gateway.fetch_dispute(stripe, known.stripe_dispute_id)
    with db.transaction() as session:
        settle(session, told, cause="ask")


def _news(known: Known, told: shapes.Dispute, payment: RefundedPayment) -> Sequence[Movement]:
    """What moved and is not booked yet, oldest first."""
    return [
        Movement(one.id, _taken(one, told, payment), one.fee, one.at)
        for one in sorted(told.movements, key=lambda one: one.at)
        if one.id not in known.movements
    ]


def _taken(moved: shapes.DisputeMovement, told: shapes.Dispute, payment: RefundedPayment) -> Money:
    """What was taken of the payment, in its own currency: our balance at Stripe may be kept in another."""
    if moved.amount.currency == payment.paid.currency:
        return -moved.amount
    return told.amount if moved.amount.amount < 0 else -told.amount


def _book_exchanges(
    session: Session, payment: RefundedPayment, told: shapes.Dispute, news: Sequence[Movement], *, cause: str
) -> None:
    """What of the news Stripe moved in another currency than the payment's; in the order that a day is booked in."""
    moved = {one.id: one for one in told.movements}
    for one in sorted(news, key=lambda one: (one.at, one.id)):
        theirs = moved[one.id]
        exchange = Exchange(
            id=one.id,
            source=told.id,
            category="dispute" if rules.is_taken(one) else "dispute_reversal",
            presented=-one.taken,
            settled=theirs.amount,
            rate=theirs.rate,
            at=one.at,
        )
        exchanging.book(session, payment.id, exchange, cause=cause)


def _follow(session: Session, payment: RefundedPayment, told: shapes.Dispute, *, cause: str) -> None:
    what = "An inquiry" if rules.is_inquiry(told.status) else "A dispute"
    reason = f"{what} of {money_text(told.amount)}: {told.status.replace('_', ' ')}"
    standing.follow(session, payment, reason=reason, cause=cause)


def _post(session: Session, posting: Posting, *, cause: str) -> None:
    ledger.post(
        session,
        Entry(
            kind=posting.kind,
            reference=posting.reference,
            legs=posting.legs,
            cause=cause,
            rule_version=rules.RULE_VERSION,
            occurred_at=posting.occurred_at or clock.now(),
        ),
    )
