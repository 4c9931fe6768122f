"""The connection to Stripe whose every sending is written down, in a transaction of its own right after it."""

from __future__ import annotations

import logging

from sqlalchemy.exc import SQLAlchemyError

from azora_admin.core import db
from azora_admin.gateways.stripe.client import Sent, StripeConnection
from azora_admin.messaging import calls

log = logging.getLogger(__name__)


def written_down(connection: StripeConnection) -> StripeConnection:
    """The connection, its sendings written down from now on: as web and worker use it."""
    connection.on_sent = write_down
    return connection


def write_down(sent: Sent) -> None:
    """Add the sending to the log. Without the database nothing is lost but a line of it: the sending itself counts."""
    what = sent.what
    call = calls.Call(
        kind=what.kind,
        about=what.about,
        address=what.address,
        idempotency_key=what.key,
        outcome=sent.outcome,
        code=sent.code,
        outside_id=sent.request_id,
        milliseconds=sent.milliseconds,
    )
    try:
        with db.transaction() as session:
            calls.record(session, call)
    except SQLAlchemyError:
        log.exception("%s (%s) went out and could not be written down", what.address, what.key)
