"""Reading what Stripe tells: fields that may be missing, and metadata in which others write what they like."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

import stripe


def told(thing: Mapping[str, Any] | stripe.StripeObject | None, name: str) -> Any:
    """A field that Stripe leaves out where it does not apply: the SDK's attribute raises then."""
    return thing[name] if thing is not None and name in thing else None


def told_uuid(text: str | None) -> str | None:
    """``text`` if it can be an id of ours."""
    try:
        return str(UUID(text)) if text else None
    except ValueError:
        return None


def told_rate(transaction: stripe.BalanceTransaction) -> Decimal | None:
    """By what Stripe exchanged it, as it writes that, for people to read; None where it did not."""
    rate = transaction.exchange_rate
    return None if rate is None else Decimal(str(rate))
