"""What no webhook brought is fetched from Stripe's own list of events, into the same inbox, page by page.

A page and the place after it are kept by one commit: whoever is killed or cut off goes on there. Two that read at the
same time do no harm: the one whose place has moved meanwhile keeps nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.gateways.stripe import events
from azora_admin.gateways.stripe.client import NoAnswer, Refused, StripeConnection
from azora_admin.gateways.stripe.events import EventPage, ListedEvent, PlaceGone
from azora_admin.gateways.stripe.webhooks import VerifiedEvent
from azora_admin.messaging import inbox, reading
from azora_admin.messaging.reading import Place

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backfilled:
    """How many events Stripe listed, and which of them the inbox had not had."""

    listed: int = 0
    missed: tuple[VerifiedEvent, ...] = ()

    def and_page(self, page: EventPage, missed: Sequence[VerifiedEvent]) -> Backfilled:
        return Backfilled(self.listed + len(page.events), (*self.missed, *missed))


def catch_up(stripe: StripeConnection, *, types: Sequence[str]) -> Backfilled:
    """Read the list on from where it was read to, until two minutes ago.

    Raises NoAnswer and Refused, which stay with the cursor; the next call goes on where this one stopped.
    """
    with db.transaction() as session:
        place = reading.next_place(session)
    try:
        return _read_window(stripe, place, types)
    except (NoAnswer, Refused) as error:
        with db.transaction() as session:
            reading.fail(session, reason=f"{type(error).__name__}: {error}")
        raise


def fetch_since(stripe: StripeConnection, since: datetime, *, types: Sequence[str]) -> Backfilled:
    """Read everything that Stripe lists from ``since`` to now, beside the stored cursor and without moving it.

    Raises Invalid (field ``since``) for a time that Stripe lists nothing of any more, or that is to come; NoAnswer,
    Refused: what was read until then is kept.
    """
    now = clock.now()
    if not now - reading.LISTED_FOR <= since <= now:
        days = reading.LISTED_FOR.days
        text = f"Stripe lists the events of the last {days} days: since must be a time within them."
        raise Invalid([FieldError("since", "out_of_range", text)])
    place: Place | None = Place(since, now)
    found = Backfilled()
    while place is not None:
        try:
            page = _list(stripe, place, types)
        except PlaceGone:
            return found  # whatever is older than that event is listed no longer either
        with db.transaction() as session:
            found = found.and_page(page, _receive(session, page.events))
        place = replace(place, after_id=page.after_id) if page.after_id else None
    return found


def _read_window(stripe: StripeConnection, place: Place, types: Sequence[str]) -> Backfilled:
    found = Backfilled()
    while True:
        try:
            page = _list(stripe, place, types)
        except PlaceGone:
            # Stripe forgot the event meanwhile: what was kept of the window is met again, and nothing is doubled.
            log.warning("Stripe lists %s no longer: its window is read anew", place.after_id)
            place = _begin_anew(place)
            continue
        with db.transaction() as session:
            if not reading.take(session, place):
                return found
            found = found.and_page(page, _receive(session, page.events))
            if page.after_id is None:
                reading.finish(session, place)
                return found
            reading.go_on(session, after_id=page.after_id)
        place = replace(place, after_id=page.after_id)


def _begin_anew(place: Place) -> Place:
    with db.transaction() as session:
        if reading.take(session, place):
            reading.go_on(session, after_id=None)
    return replace(place, after_id=None)


def _list(stripe: StripeConnection, place: Place, types: Sequence[str]) -> EventPage:
    return events.list_events(
        stripe, types=types, since=place.since, until=place.until, after_id=place.after_id
    )


def _receive(session: Session, listed: Sequence[ListedEvent]) -> list[VerifiedEvent]:
    """Put them into the inbox, the oldest first. Returns those that it had not had."""
    missed = []
    for one in reversed(listed):
        event = one.event
        delivery = inbox.Delivery(
            event.id, event.type, event.object_id, event.api_version, event.created, one.raw, "backfill"
        )
        if inbox.receive(session, delivery):
            missed.append(event)
    return missed
