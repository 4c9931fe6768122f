"""Webhook endpoints as Stripe has them: where it sends which events, and at which API version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import stripe

from azora_admin.gateways.stripe.client import API_VERSION, StripeConnection


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint. ``api_version`` is "" where it follows the account's."""

    id: str
    url: str
    api_version: str
    events: frozenset[str]
    is_enabled: bool


def list_endpoints(connection: StripeConnection) -> list[Endpoint]:
    """Every endpoint of the account, the newest first. Stripe has at most sixteen. Raises NoAnswer, Refused."""
    listed = connection.call(lambda v1: v1.webhook_endpoints.list({"limit": 100}))
    return [_shape(endpoint) for endpoint in listed.data]


def create_endpoint(connection: StripeConnection, *, url: str, events: Sequence[str]) -> tuple[Endpoint, str]:
    """Have Stripe send ``events`` to ``url`` at our API version. The endpoint, and its secret: told this one time."""
    wanted: Any = list(events)  # the SDK types every event name; ours come from the table of flows
    created = connection.call(
        lambda v1: v1.webhook_endpoints.create(
            {"url": url, "enabled_events": wanted, "api_version": API_VERSION}
        )
    )
    return _shape(created), created.secret or ""


def correct_endpoint(connection: StripeConnection, endpoint_id: str, *, events: Sequence[str]) -> None:
    """Have the endpoint send exactly ``events``, and send at all. Its secret stays."""
    wanted: Any = list(events)
    connection.call(
        lambda v1: v1.webhook_endpoints.update(endpoint_id, {"enabled_events": wanted, "disabled": False})
    )


def delete_endpoint(connection: StripeConnection, endpoint_id: str) -> None:
    """Have nothing sent by the endpoint any more; its secret signs nothing from now on."""
    connection.call(lambda v1: v1.webhook_endpoints.delete(endpoint_id))


def _shape(endpoint: stripe.WebhookEndpoint) -> Endpoint:
    return Endpoint(
        id=endpoint.id,
        url=endpoint.url,
        api_version=endpoint.api_version or "",
        events=frozenset(endpoint.enabled_events),
        is_enabled=endpoint.status == "enabled",
    )
