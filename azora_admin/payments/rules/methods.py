"""How saving a payment method follows its SetupIntent, and when a saved one is too old. Pure.

Source: docs.stripe.com/payments/setup-intents (the lifecycle of a SetupIntent).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

# Sent, or about to be, and nothing is known yet.
UNSENT: Final = frozenset({"reserved", "unknown"})
OVER: Final = frozenset({"succeeded", "cancelled"})
STATES: Final = ("reserved", "unknown", "open", "requires_action", "processing", "succeeded", "cancelled")
# After so long Stripe may have forgotten the key: what is there is told by a look, and only by that.
KEY_HOLDS: Final = timedelta(hours=23)

_STATE_OF: Final = {
    "requires_payment_method": "open",
    "requires_confirmation": "open",
    "requires_action": "requires_action",
    "processing": "processing",
    "succeeded": "succeeded",
    "canceled": "cancelled",
}


def next_state(state: str, told: str) -> str | None:
    """Where Stripe's word ``told`` brings a setup; None when it stands there already, or is over."""
    found = _STATE_OF.get(told)
    if state in OVER or found is None or found == state:
        return None
    return found


def may_be_sent(reserved_at: datetime, *, now: datetime) -> bool:
    """Whether the idempotency key of what was reserved then still means the same at Stripe."""
    return now - reserved_at < KEY_HOLDS


def is_expired(exp_month: int | None, exp_year: int | None, *, today: date) -> bool:
    """Whether a card is past the last day of its month; what has no such date never is."""
    if exp_month is None or exp_year is None:
        return False
    return (exp_year, exp_month) < (today.year, today.month)
