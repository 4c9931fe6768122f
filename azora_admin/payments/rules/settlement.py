"""How a payment follows its PaymentIntent: one decision, the same for event, ask and return page.

Stripe's word counts only when amount, currency and customer are those of our order. What is completed
stays completed: an older picture of the intent that arrives later changes nothing.
Source: docs.stripe.com/payments/paymentintents/lifecycle.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from azora_admin.core.errors import DomainError
from azora_admin.core.money import Money
from azora_admin.gateways.stripe.shapes import Intent, Refusal

# States of a payment that was paid, whatever became of it since: refunds and disputes move it among these alone.
PAID: Final = ("completed", "partially_refunded", "refunded", "charged_back")
# Sent to Stripe, and no answer came: whether it is there is asked until it is known.
UNKNOWN: Final = "unknown"
# Paid, and the payer's bank asks for it back.
DISPUTED: Final = "disputed"
STATUSES: Final = (
    "pending",
    UNKNOWN,
    "requires_action",
    "processing",
    *PAID,
    DISPUTED,
    "failed",
    "cancelled",
)
# Paid, and none of it is left.
GONE: Final = frozenset({"refunded", "charged_back"})
# States that Stripe or the payer can still change, so that silence is worth a question.
OPEN: Final = frozenset({"pending", UNKNOWN, "requires_action", "processing", "failed"})

# The bank wants its customer, who was not there: the payment is not lost, it waits for them.
AUTHENTICATION: Final = "authentication_required"

ABANDONED_AFTER: Final = timedelta(hours=24)
# A few percent of requests ask early, the rest ever more seldom; the last pause repeats.
_PAUSES: Final = (1, 3, 9, 30, 90, 180, 540, 1080, 2160, 4320)

_STATUS_OF: Final = {
    "requires_payment_method": "pending",
    "requires_confirmation": "pending",
    "requires_capture": "processing",
    "requires_action": "requires_action",
    "processing": "processing",
    "succeeded": "completed",
    "canceled": "cancelled",
}


class Mismatch(DomainError):
    """Stripe took money that is not what we asked for. Nothing is granted; a person has to look."""

    def __init__(self, detail: str) -> None:
        super().__init__(409, "payment_mismatch", detail)


@dataclass(frozen=True, slots=True)
class Order:
    """What we asked for, and where the payment stands."""

    status: str
    amount: Money
    customer_id: str | None


@dataclass(frozen=True, slots=True)
class Transition:
    """The step to take. ``refusal`` is kept for the payer when the attempt failed."""

    to_status: str
    refusal: Refusal | None


def decide(order: Order, intent: Intent) -> Transition | None:
    """The step that ``intent`` asks of ``order``; None when the payment stands there already.

    Raises Mismatch when Stripe reports success for another amount, currency or customer, or a state that
    this version does not know.
    """
    if is_paid(order.status):
        return None
    status = _STATUS_OF.get(intent.status)
    if order.status == "cancelled" and status != "completed":
        return None  # an older picture of it: what was given up comes back only if it was paid all the same
    if status is None:
        raise Mismatch(f"Stripe reports {intent.status!r} for {intent.id}, a state that is not known here.")
    if status == "completed":
        _check_received(order, intent)
    refused = intent.refusal if status == "pending" else None
    if refused:
        status = "requires_action" if refused.code == AUTHENTICATION else "failed"
    if status == order.status and not refused:
        return None
    return Transition(status, refused)


def is_paid(status: str) -> bool:
    """Whether the money of a payment in this status came in once."""
    return status in PAID or status == DISPUTED


def _check_received(order: Order, intent: Intent) -> None:
    if intent.received != order.amount:
        raise Mismatch(
            f"Stripe received {intent.received} for {intent.id}; the order asks for {order.amount}."
        )
    if order.customer_id is None or intent.customer_id != order.customer_id:
        raise Mismatch(
            f"{intent.id} was paid by customer {intent.customer_id}; the order is {order.customer_id}'s."
        )


def pause_before_ask(count: int, *, first: timedelta) -> timedelta:
    """How long to wait before asking Stripe for the ``count``-th time (from 0) after no news."""
    return first * _PAUSES[min(count, len(_PAUSES) - 1)]


def next_ask(created_at: datetime, *, now: datetime, count: int, first: timedelta) -> datetime:
    """When to ask next: after the pause, and in any case as soon as the payment is old enough to be given up."""
    at = now + pause_before_ask(count, first=first)
    too_old_at = created_at + ABANDONED_AFTER + timedelta(seconds=1)
    return min(at, too_old_at) if now < too_old_at else at
