"""The inbox: an event is stored once with the job that handles it, and handled once, by one commit.

received → handled (with its effects, in one commit) | ignored (a type we have no use for)
received → received (failed: tried again later, ever more seldom) → parked (a person has to look)
parked → received (a person has it tried again) | left (a person leaves it, for a reason)

Each try, and what a person decided, stays as an ``InboxAttempt``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import NotFound
from azora_admin.core.statements import Statement, rows
from azora_admin.messaging import outbox
from azora_admin.messaging.tables import InboxAttempt, InboxEvent

BroughtBy = Literal["webhook", "backfill"]

TRIES: Final = 8
FINISHED: Final = ("handled", "ignored", "left")
_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=30)
_LONGEST_REASON: Final = 2000
# An event this long past its time has lost its job (a crash, a queue restored from backup).
_OVERDUE: Final = timedelta(seconds=30)
# One that still waits in a long queue has not.
_WITHOUT_A_JOB: Final = f"""NOT EXISTS (
    SELECT FROM procrastinate_jobs job WHERE job.task_name = '{outbox.HANDLE_STRIPE_EVENT}'
       AND job.status IN ('todo', 'doing') AND job.args->>'event_id' = inbox_event.id)"""

_RECEIVE: Final = Statement(
    f"""
    WITH kept AS (
      INSERT INTO inbox_event (id, source, type, object_id, api_version, raw, state, attempts, created_at, received_at,
                               next_try_at, brought_by)
      VALUES (%(id)s, 'stripe', %(type)s, %(object_id)s, %(api_version)s, %(raw)s, 'received', 0, %(created_at)s,
              %(now)s, %(now)s, %(brought_by)s)
      ON CONFLICT (id) DO NOTHING RETURNING id)
    SELECT {outbox.ENQUEUE} FROM kept
    """  # noqa: S608  # only our own words
)
_FINISH: Final = Statement(
    """
    WITH finished AS (
      UPDATE inbox_event SET state = %(state)s, handled_at = %(now)s, attempts = attempts + 1, last_error = NULL
       WHERE id = %(id)s RETURNING id)
    INSERT INTO inbox_attempt (event_id, at, outcome) SELECT id, %(now)s, %(state)s FROM finished RETURNING number
    """
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A verified event as it came, or as Stripe's list has it. ``created`` is in seconds since 1970."""

    event_id: str
    type: str
    object_id: str
    api_version: str
    created: int
    raw: bytes
    brought_by: BroughtBy = "webhook"


@dataclass(frozen=True, slots=True)
class Received:
    """An event of the inbox, as its handler needs it."""

    event_id: str
    type: str
    object_id: str
    state: str


def receive(session: Session, delivery: Delivery) -> bool:
    """Keep the event and enqueue its job, in one statement. False when it was here already: then nothing is done."""
    handling = outbox.job_values(
        outbox.HANDLE_STRIPE_EVENT,
        {"event_id": delivery.event_id},
        lock=outbox.stripe_lock(delivery.object_id),
    )
    event = {
        "id": delivery.event_id,
        "type": delivery.type,
        "object_id": delivery.object_id,
        "api_version": delivery.api_version,
        "raw": delivery.raw,
        "brought_by": delivery.brought_by,
        "created_at": datetime.fromtimestamp(delivery.created, UTC),
        "now": clock.now(),
    }
    return bool(rows(session, _RECEIVE, event | handling))


def find_event(session: Session, event_id: str) -> Received | None:
    """The event, or None when the inbox has none of this id."""
    row = session.execute(
        select(InboxEvent.id, InboxEvent.type, InboxEvent.object_id, InboxEvent.state).where(
            InboxEvent.id == event_id
        )
    ).one_or_none()
    return Received(*row) if row else None


def get_event(session: Session, event_id: str) -> Received:
    """The event. Raises NotFound."""
    found = find_event(session, event_id)
    if found is None:
        raise NotFound("event_not_found", "There is no such event.")
    return found


def take(session: Session, event_id: str) -> bool:
    """Lock the event for handling in this transaction. False when somebody has finished it meanwhile."""
    state = session.scalar(select(InboxEvent.state).where(InboxEvent.id == event_id).with_for_update())
    return state in ("received", "parked")


def mark_handled(session: Session, event_id: str) -> None:
    """Finish the event, in the same commit as its effects."""
    _finish(session, event_id, "handled")


def mark_ignored(session: Session, event_id: str) -> None:
    """Finish an event that has no flow."""
    _finish(session, event_id, "ignored")


def mark_failed(session: Session, event_id: str, *, reason: str) -> None:
    """Note a failed try: the event waits and is tried again, or is parked after the last try."""
    said = storable(reason)
    attempts = session.scalar(
        update(InboxEvent)
        .where(InboxEvent.id == event_id, InboxEvent.state == "received")
        .values(attempts=InboxEvent.attempts + 1, last_error=said)
        .returning(InboxEvent.attempts)
    )
    if attempts is None:
        return
    is_last = attempts >= TRIES
    note(session, event_id, outcome="parked" if is_last else "failed", reason=said)
    if is_last:
        session.execute(update(InboxEvent).where(InboxEvent.id == event_id).values(state="parked"))
        return
    at = clock.now() + pause_after(attempts)
    session.execute(update(InboxEvent).where(InboxEvent.id == event_id).values(next_try_at=at))
    # Without the object's lock: in the queue a job that is not due yet holds up all later ones of its lock.
    # The flow itself settles one object at a time.
    outbox.enqueue(session, outbox.HANDLE_STRIPE_EVENT, {"event_id": event_id}, at=at)


def pause_after(attempts: int) -> timedelta:
    """How long a failed event waits: 2 s, 8 s, 32 s … at most half an hour."""
    factor: int = 4 ** (attempts - 1)
    return min(_FIRST_PAUSE * factor, _LONGEST_PAUSE)


def requeue_overdue(session: Session, *, limit: int = 500) -> Sequence[str]:
    """Give every open event that lost its job a new one. Returns their ids.

    The row is the truth, the job only its runner: a doubled job finds the event finished and does nothing.
    """
    now = clock.now()
    overdue = session.execute(
        select(InboxEvent.id, InboxEvent.object_id)
        .where(InboxEvent.state == "received", InboxEvent.next_try_at < now - _OVERDUE, text(_WITHOUT_A_JOB))
        .order_by(InboxEvent.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for event_id, object_id in overdue:
        enqueue_handling(session, event_id, object_id)
    ids = [row.id for row in overdue]
    session.execute(update(InboxEvent).where(InboxEvent.id.in_(ids)).values(next_try_at=now))
    return ids


def _finish(session: Session, event_id: str, state: str) -> None:
    rows(session, _FINISH, {"id": event_id, "state": state, "now": clock.now()})


def enqueue_handling(session: Session, event_id: str, object_id: str) -> None:
    """Have the event handled, after whatever concerns its object and came before."""
    outbox.enqueue(
        session, outbox.HANDLE_STRIPE_EVENT, {"event_id": event_id}, lock=outbox.stripe_lock(object_id)
    )


def note(session: Session, event_id: str, *, outcome: str, reason: str = "", by_name: str = "") -> None:
    """Add a step to the event's life."""
    session.execute(
        insert(InboxAttempt).values(
            event_id=event_id, at=clock.now(), outcome=outcome, reason=reason, by_name=by_name
        )
    )


def storable(reason: str) -> str:
    """``reason`` as the database can hold it: a message may quote whatever came from outside."""
    return reason[:_LONGEST_REASON].replace("\0", "\ufffd").encode(errors="replace").decode()
