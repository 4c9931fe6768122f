"""Stripe's balance transactions are read into our copy of its statement, page by page, from where it was read to.

Every reading begins a little before the end of the last one: what Stripe writes late under an earlier time is met then.
A page and the place after it are kept by one commit, and a line that is there already is left as it is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import text

from azora_admin.core import db
from azora_admin.gateways.stripe import balance
from azora_admin.gateways.stripe.client import NoAnswer, Refused, StripeConnection
from azora_admin.messaging import reading
from azora_admin.messaging.reading import STATEMENT, Place
from azora_admin.reconciliation.actions.statement import keep_lines

_FIRST_PAYMENT: Final = text("SELECT min(created_at) FROM payment")
_IS_BEGUN: Final = text("SELECT EXISTS (SELECT FROM stripe_cursor WHERE name = :name)")


def catch_up(stripe: StripeConnection) -> int:
    """Read the statement on to this moment. Returns how many lines were new.

    The first reading begins with the day of our first payment. Raises NoAnswer and Refused, which stay with the cursor.
    """
    begins_at = _begins_at()
    with db.transaction() as session:
        place = reading.next_place(session, STATEMENT, begins_at=begins_at)
    try:
        return _read_window(stripe, place)
    except (NoAnswer, Refused) as error:
        with db.transaction() as session:
            reading.fail(session, STATEMENT, reason=f"{type(error).__name__}: {error}")
        raise


def read_again(stripe: StripeConnection, *, since: datetime, until: datetime) -> int:
    """Read what Stripe lists between two moments, beside the stored place and without moving it. Returns the new."""
    new, after_id = 0, None
    while True:
        page = balance.list_transactions(stripe, since=since, until=until, after_id=after_id)
        with db.transaction() as session:
            new += keep_lines(session, page.transactions)
        after_id = page.after_id
        if after_id is None:
            return new


def _begins_at() -> datetime | None:
    with db.reading() as session:
        if session.execute(_IS_BEGUN, {"name": STATEMENT.name}).scalar_one():
            return None
        first: datetime | None = session.execute(_FIRST_PAYMENT).scalar_one()
    return first.replace(hour=0, minute=0, second=0, microsecond=0) if first else None


def _read_window(stripe: StripeConnection, place: Place) -> int:
    new = 0
    while True:
        page = balance.list_transactions(
            stripe, since=place.since, until=place.until, after_id=place.after_id
        )
        with db.transaction() as session:
            if not reading.take(session, place, STATEMENT):
                return new  # somebody else has gone on from here
            new += keep_lines(session, page.transactions)
            if page.after_id is None:
                reading.finish(session, place, STATEMENT)
                return new
            reading.go_on(session, STATEMENT, after_id=page.after_id)
        place = replace(place, after_id=page.after_id)
