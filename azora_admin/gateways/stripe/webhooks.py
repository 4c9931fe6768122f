"""Events from Stripe: verified on their raw bytes before anything in them is believed."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import orjson
from stripe._v1_services import V1Services

from azora_admin.core import clock
from azora_admin.core.errors import DomainError
from azora_admin.gateways.stripe.client import API_VERSION, StripeConnection

TOLERANCE_SECONDS: Final = 300
_LONGEST_TEXT: Final = 255
_YEAR_10000: Final = 253_402_300_800  # the first second that no datetime can hold


class Forged(DomainError):
    """The body was not signed by Stripe for us, or not now. Nothing of it is kept."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, "invalid_webhook", detail)


@dataclass(frozen=True, slots=True)
class VerifiedEvent:
    """What we believe of an event: that it happened, to which object, and when. Its state is asked anew."""

    id: str
    type: str
    object_id: str
    api_version: str
    created: int


def verify(raw: bytes, *, signature: str | None, secrets: Sequence[str]) -> VerifiedEvent:
    """The event in ``raw``, once one of ``secrets`` has signed exactly these bytes within five minutes.

    Raises Forged for everything else, whatever it is: bad bytes, a bad or foreign signature, a stale or
    future time, or a body that is not an event. The SDK checks neither a time in the future nor the shape, and takes
    four times as long. Source: docs.stripe.com/webhooks, "Verify webhook signatures manually".
    """
    parts = [part.partition("=") for part in (signature or "").split(",")]
    stamp = next((value for name, _, value in parts if name == "t"), "")
    _check_time(stamp, clock.now().timestamp())
    given = [value.encode() for name, _, value in parts if name == "v1"]
    signed = stamp.encode() + b"." + raw
    if not any(_is_signed(signed, given, secret) for secret in secrets):
        raise Forged("The signature does not fit.")
    try:
        return event_of(orjson.loads(raw))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Forged("The body is not an event.") from None


def _check_time(stamp: str, now: float) -> None:
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise Forged("The signature has no time.")
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise Forged("The signature is too old, or from the future.")


def _is_signed(signed: bytes, given: Sequence[bytes], secret: str) -> bool:
    if not secret.strip():
        return False  # anybody could sign with nothing
    expected = hmac.digest(secret.encode(), signed, "sha256").hex().encode()
    return any(hmac.compare_digest(expected, one) for one in given)


def event_of(body: dict[str, Any]) -> VerifiedEvent:
    """What we believe of an event's body. Raises ValueError, KeyError, TypeError, AttributeError for another shape."""
    if body["object"] != "event":
        raise ValueError
    texts = (body["id"], body["type"], body["data"]["object"].get("id"), body.get("api_version"))
    event_id, event_type, object_id, api_version = (_storable(text) for text in texts)
    created = body["created"]
    if not event_id or not event_type or type(created) is not int or not 0 <= created < _YEAR_10000:
        raise ValueError
    return VerifiedEvent(event_id, event_type, object_id, api_version, created)


def _storable(text: object) -> str:
    """``text`` if the database can hold it (no NUL, no half of a surrogate pair, no novel); null is ""."""
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT or "\0" in text:
        raise ValueError
    text.encode()
    return text


def _delete_endpoint(v1: V1Services, *, endpoint_id: str) -> None:
    v1.webhook_endpoints.delete(endpoint_id)


def ensure_endpoint(
    connection: StripeConnection, *, url: str, events: Sequence[str], secret: str | None
) -> str:
    """Have Stripe send ``events`` to ``url`` at our API version. Returns the signing secret.

    The secret is told once, at creation: an endpoint whose ``secret`` we don't hold is replaced.
    """
    listed = connection.call(lambda v1: v1.webhook_endpoints.list({"limit": 100}))
    for endpoint in [one for one in listed.data if one.url == url]:
        if secret and endpoint.api_version == API_VERSION and set(endpoint.enabled_events) == set(events):
            return secret
        connection.call(partial(_delete_endpoint, endpoint_id=endpoint.id))
    wanted: Any = list(events)  # the SDK types every event name; ours come from the table of flows
    created = connection.call(
        lambda v1: v1.webhook_endpoints.create(
            {"url": url, "enabled_events": wanted, "api_version": API_VERSION}
        )
    )
    return created.secret or ""
