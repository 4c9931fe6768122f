"""Refunds at Stripe: create with our key, read one, all of an intent, or ours by its id in the metadata."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import stripe

from azora_admin.core.ids import RefundId
from azora_admin.core.money import Money, from_stripe, to_stripe
from azora_admin.gateways.stripe.client import Sending, StripeConnection
from azora_admin.gateways.stripe.shapes import Refund
from azora_admin.gateways.stripe.told import told, told_uuid

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams, RefundListParams


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """What a refund asks of Stripe. Our id is the idempotency key, and comes back as metadata."""

    refund_id: RefundId
    intent_id: str
    amount: Money
    reason: str | None


def create_refund(connection: StripeConnection, request: RefundRequest) -> Refund:
    """Send the refund, or get the one that an earlier try sent (same key, same body). Raises NoAnswer, Refused."""
    wanted: RefundCreateParams = {
        "payment_intent": request.intent_id,
        "amount": to_stripe(request.amount),
        "metadata": {"refund_id": str(request.refund_id)},
    }
    if request.reason:
        wanted["reason"] = request.reason  # one of the three that Stripe knows
    key = f"refund-{request.refund_id}"
    what = Sending("refund", str(request.refund_id), "/v1/refunds", key)
    return _shape(connection.send(what, lambda v1: v1.refunds.create(wanted, {"idempotency_key": key})))


def fetch_refund(connection: StripeConnection, stripe_refund_id: str) -> Refund:
    """The refund as it is now."""
    return _shape(connection.call(lambda v1: v1.refunds.retrieve(stripe_refund_id)))


def refunds_of_intent(connection: StripeConnection, intent_id: str) -> list[Refund]:
    """Every refund of the intent, oldest first, a hundred a call."""
    return _listed(connection, {"payment_intent": intent_id})[::-1]


def all_refunds(connection: StripeConnection) -> list[Refund]:
    """Every refund that Stripe has, newest first, a hundred a call."""
    return _listed(connection, {})


def find_refund(connection: StripeConnection, refund_id: RefundId, *, intent_id: str) -> Refund | None:
    """Our refund by its id, for whoever can't be told by its key any more; None when Stripe has none."""
    found = refunds_of_intent(connection, intent_id)
    return next((one for one in found if one.refund_id == str(refund_id)), None)


def _listed(connection: StripeConnection, which: RefundListParams) -> list[Refund]:
    found: list[Refund] = []
    wanted: RefundListParams = {**which, "limit": 100}
    while True:
        page = connection.call(lambda v1, wanted=wanted: v1.refunds.list(wanted))  # type: ignore[misc]
        found += map(_shape, page.data)
        if not page.has_more:
            return found
        wanted = {**which, "limit": 100, "starting_after": page.data[-1].id}


def _shape(refund: stripe.Refund) -> Refund:
    intent = refund.payment_intent
    return Refund(
        id=refund.id,
        status=str(refund.status),
        amount=from_stripe(refund.amount, refund.currency),
        intent_id=intent if isinstance(intent, str) or intent is None else intent.id,
        refund_id=told_uuid(told(refund.metadata, "refund_id")),
        reason=refund.reason,
        failure_reason=told(refund, "failure_reason"),
        created_at=datetime.fromtimestamp(refund.created, UTC),
    )
