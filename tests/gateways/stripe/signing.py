"""Stripe's side of a webhook: a body and its signature."""

from __future__ import annotations

import hmac
import json
from typing import Any

SECRET = "whsec_azora"


def event_body(**changes: Any) -> bytes:
    """An event as Stripe writes one, with some of its fields changed."""
    body = {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_782_907_200,
        "type": "payment_intent.succeeded",
        "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
        "livemode": False,
    }
    return json.dumps({**body, **changes}).encode()


def signature(raw: bytes, *, at: int, secret: str = SECRET) -> str:
    """The ``v1`` of a body. Source: docs.stripe.com/webhooks, "Verify signatures manually"."""
    return hmac.new(secret.encode(), f"{at}.".encode() + raw, "sha256").hexdigest()


def header(raw: bytes, *, at: int, secret: str = SECRET) -> str:
    """The Stripe-Signature of a body that was signed ``at`` (seconds since 1970)."""
    return f"t={at},v1={signature(raw, at=at, secret=secret)}"
