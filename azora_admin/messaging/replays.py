"""What people decide about an event of the inbox: that it is tried again, or that it is left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict, FieldError, Invalid, NotFound
from azora_admin.messaging import inbox
from azora_admin.messaging.tables import InboxEvent

LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Decided:
    """The event as it stood before somebody decided about it."""

    event_id: str
    type: str
    state: str
    attempts: int


def replay(session: Session, event_id: str, *, by_name: str) -> Decided:
    """Have the event handled again, whatever became of it: handling finds what is done, and does the rest.

    Raises NotFound.
    """
    before, object_id = _lock(session, event_id)
    session.execute(
        update(InboxEvent)
        .where(InboxEvent.id == event_id)
        .values(state="received", attempts=0, next_try_at=clock.now(), handled_at=None)
    )
    inbox.note(session, event_id, outcome="replayed", by_name=by_name)
    inbox.enqueue_handling(session, event_id, object_id)
    return before


def leave(session: Session, event_id: str, *, reason: str, by_name: str) -> Decided:
    """Let a parked event be, for a reason that stays with it.

    Raises NotFound, Conflict for one that is not parked, Invalid (field ``reason``) without a reason.
    """
    said = " ".join(reason.split())
    if not said or len(said) > LONGEST_REASON:
        text = f"Say why the event is left as it is, in at most {LONGEST_REASON} characters."
        raise Invalid([FieldError("reason", "required" if not said else "too_long", text)])
    before, _ = _lock(session, event_id)
    if before.state != "parked":
        raise Conflict("event_not_parked", "The event is not parked any more: look at it again.")
    session.execute(
        update(InboxEvent)
        .where(InboxEvent.id == event_id)
        .values(state="left", handled_at=clock.now(), last_error=None)
    )
    inbox.note(session, event_id, outcome="left", reason=inbox.storable(said), by_name=by_name)
    return before


def retry_parked(session: Session, *, by_name: str) -> Sequence[str]:
    """Try every parked event from the start again, once its cause is gone. Returns their ids."""
    parked = session.scalars(
        select(InboxEvent.id)
        .where(InboxEvent.state == "parked")
        .order_by(InboxEvent.received_at)
        .with_for_update(skip_locked=True)
    ).all()
    for event_id in parked:
        replay(session, event_id, by_name=by_name)
    return parked


def _lock(session: Session, event_id: str) -> tuple[Decided, str]:
    row = session.execute(
        select(InboxEvent.id, InboxEvent.type, InboxEvent.state, InboxEvent.attempts, InboxEvent.object_id)
        .where(InboxEvent.id == event_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("event_not_found", "There is no such event.")
    return Decided(row.id, row.type, row.state, row.attempts), row.object_id
