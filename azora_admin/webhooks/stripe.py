"""Stripe's events: verify the raw bytes, keep the event with its job by one statement, answer 200."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, request

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.gateways.stripe import webhooks
from azora_admin.messaging import inbox
from azora_admin.web import bodies, limits

LARGEST_BODY = 512 * 1024


def blueprint(settings: Settings) -> Blueprint:
    """The endpoint, with the secrets it accepts (two while one is being rolled)."""
    secrets = _secrets(settings)
    hooks = Blueprint("webhooks", __name__)
    # No session and no token: the signature is the guard.
    hooks.guard_roles = frozenset()  # type: ignore[attr-defined]
    limits.limit_webhooks(hooks)

    @hooks.post("/webhooks/stripe")
    def receive() -> Response:
        raw = bodies.read(at_most=LARGEST_BODY)
        event = webhooks.verify(raw, signature=request.headers.get("Stripe-Signature"), secrets=secrets)
        delivery = inbox.Delivery(
            event.id, event.type, event.object_id, event.api_version, event.created, raw
        )
        with db.single_write() as session:
            inbox.receive(session, delivery)
        return Response("{}", mimetype="application/json")

    return hooks


def _secrets(settings: Settings) -> Sequence[str]:
    joined = settings.stripe_webhook_secret.get_secret_value()
    return [secret.strip() for secret in joined.split(",") if secret.strip()]
