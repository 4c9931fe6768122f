"""Stripe's own list of events: what happened in the last thirty days, whether or not anybody was told of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import orjson
import stripe

from azora_admin.gateways.stripe.client import Refused, StripeConnection
from azora_admin.gateways.stripe.webhooks import VerifiedEvent, event_of

if TYPE_CHECKING:
    from stripe.params import EventListParams

log = logging.getLogger(__name__)
_PAGE: Final = 100
# Stripe takes no more names in one question: docs.stripe.com/api/events/list.
_MOST_TYPES: Final = 20


class PlaceGone(Exception):
    """Stripe lists the event no longer after which the page was to begin."""


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An event, and its body as Stripe lists it."""

    event: VerifiedEvent
    raw: bytes


@dataclass(frozen=True, slots=True)
class EventPage:
    """A page of the list, newest first; ``after_id`` is where the next one begins, None after the last."""

    events: Sequence[ListedEvent]
    after_id: str | None


def list_events(
    connection: StripeConnection,
    *,
    types: Sequence[str],
    since: datetime,
    until: datetime,
    after_id: str | None,
) -> EventPage:
    """Up to a hundred events of ``types``, made from ``since`` to ``until`` (whole seconds, both within).

    Raises PlaceGone, NoAnswer, Refused.
    """
    asked: EventListParams = {
        "limit": _PAGE,
        "created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())},
    }
    if len(types) <= _MOST_TYPES:
        asked["types"] = list(types)
    if after_id is not None:
        asked["starting_after"] = after_id
    try:
        page = connection.call(lambda v1: v1.events.list(asked))
    except Refused as refused:
        if after_id is not None and refused.stripe_code == "resource_missing":
            raise PlaceGone from refused
        raise
    found = [_listed(event) for event in page.data if event.type in types]
    return EventPage(
        [one for one in found if one is not None], page.data[-1].id if page.has_more and page.data else None
    )


def _listed(event: stripe.Event) -> ListedEvent | None:
    body = event.to_dict()
    try:
        return ListedEvent(event_of(body), orjson.dumps(body))
    except (ValueError, KeyError, TypeError, AttributeError):
        log.exception("Stripe lists an event that is none: %s", event.id)
        return None
