"""A refund that is reserved goes to Stripe, and is asked about until Stripe's word is known.

Keyed by our id: a second try gets the first one's answer, and never sends another refund. What Stripe says is settled
by flows.refund, the step that events take, too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from azora_admin.core import clock, db
from azora_admin.core.ids import RefundId
from azora_admin.flows import refund as settling
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.gateways.stripe import refunds as gateway
from azora_admin.gateways.stripe import shapes
from azora_admin.gateways.stripe.client import NoAnswer, Refused, StripeConnection
from azora_admin.messaging import outbox
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import refunds
from azora_admin.payments.queries import RefundView
from azora_admin.payments.rules.refunds import STRIPE_REASONS, UNSENT, may_be_sent

_BATCH: Final = 200
NEVER_SENT: Final = "It never reached Stripe: nothing was refunded."


def enqueue_due(*, first_pause: timedelta) -> int:
    """Enqueue an ask for every refund that is due, with its next time. Returns how many."""
    with db.transaction() as session:
        due = refunds.take_due(session, first_pause=first_pause, limit=_BATCH)
        for one in due:
            outbox.enqueue(
                session,
                outbox.ASK_FOR_REFUND,
                {"refund_id": str(one.id)},
                lock=outbox.stripe_lock(one.intent_id or str(one.payment_id)),
            )
    return len(due)


def ask(stripe: StripeConnection, refund_id: RefundId) -> None:
    """Bring the refund to what Stripe says of it now, sending it if need be. Raises NoAnswer; the next ask is set."""
    send(stripe, refund_id, cause="ask")


def send(
    stripe: StripeConnection,
    refund_id: RefundId,
    *,
    cause: str,
    finish: Finish[RefundView] = unanswered,
) -> None:
    """Take a reserved refund to Stripe, or fetch it when it is there, and settle what Stripe says. Raises NoAnswer."""
    with db.reading() as session:
        refund = payments.get_refund(session, refund_id)
        intent_id = refunds.find_intent_id(session, refund.payment_id)
    if intent_id is None or (refund.stripe_refund_id is None and refund.state not in UNSENT):
        return  # it waits, or ended here
    told, refusal = None, NEVER_SENT
    try:
        told = _tell(stripe, refund, intent_id)
    except NoAnswer:
        with db.transaction() as session:
            refunds.mark_unknown(session, refund_id)
            finish(session, payments.get_refund(session, refund_id))
        raise
    except Refused as refused:
        refusal = f"{refused.stripe_code}: {refused.told}"
    with db.transaction() as session:
        if told is not None:
            settling.settle(session, told, cause=cause)
        else:
            settling.refuse(session, refund, intent_id=intent_id, reason=refusal, cause=cause)
        finish(session, payments.get_refund(session, refund_id))


def _tell(stripe: StripeConnection, refund: RefundView, intent_id: str) -> shapes.Refund | None:
    """What Stripe says of the refund; None when it has none, and the time to send it is over."""
    if refund.stripe_refund_id is not None:
        return gateway.fetch_refund(stripe, refund.stripe_refund_id)
    if refund.reserved_at is None or not may_be_sent(refund.reserved_at, now=clock.now()):
        return gateway.find_refund(stripe, refund.id, intent_id=intent_id)
    reason = refund.reason if refund.reason in STRIPE_REASONS else None
    sending = gateway.RefundRequest(refund.id, intent_id, refund.amount, reason)
    try:
        return gateway.create_refund(stripe, sending)
    except NoAnswer as lost:
        # Stripe keeps a failure under the key: whether it acted is told by a look, never by another key.
        found = gateway.find_refund(stripe, refund.id, intent_id=intent_id) if lost.is_final else None
        if found is None:
            raise
        return found
