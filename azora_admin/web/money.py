"""What views that move money need: the connection to Stripe, the limits, and the pause before the first ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from flask import Flask, current_app

from azora_admin.core.config import Settings
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.payments.rules.refunds import Limits

_EXTENSION: Final = "azora.money"


@dataclass(frozen=True, slots=True)
class Till:
    """Where money goes out, and how much of it by whom."""

    stripe: StripeConnection
    limits: Limits
    ask_after: timedelta


def install(app: Flask, settings: Settings, stripe: StripeConnection) -> None:
    """Let the views of ``app`` find the till."""
    app.extensions[_EXTENSION] = Till(
        stripe,
        Limits(support=settings.refund_support_limit, alone=settings.refund_alone_limit),
        timedelta(seconds=settings.ask_after_seconds),
    )


def till() -> Till:
    """The till of this application."""
    found: Till = current_app.extensions[_EXTENSION]
    return found
