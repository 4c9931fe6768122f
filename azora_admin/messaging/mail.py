"""Mails: put beside the fact they tell of, in its transaction, and sent by a job: reserve, send, record.

queued → sent | failed (the other side refuses it for good) | parked (tried in vain too often: a person has to look)

A worker that dies between the sending and the record sends again: the same Message-ID tells the two for one. What a
letter says is erased with the record, so that no row keeps a one-time link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import null, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict, NotFound
from azora_admin.core.ids import new_id
from azora_admin.core.letters import Letter, values_of
from azora_admin.messaging import outbox
from azora_admin.messaging.tables import Mail

TRIES: Final = 10
_FIRST_PAUSE: Final = timedelta(seconds=15)
_LONGEST_PAUSE: Final = timedelta(hours=4)
# So long may one sending take before another worker may try.
_LEASE: Final = timedelta(minutes=2)
# Clocks of two machines differ a little; a job may come that much too early.
_EARLY: Final = timedelta(seconds=5)
_OVERDUE: Final = timedelta(seconds=30)
_KEPT: Final = timedelta(days=90)
_LONGEST_REASON: Final = 500
_WITHOUT_A_JOB: Final = f"""NOT EXISTS (
    SELECT FROM procrastinate_jobs job WHERE job.task_name = '{outbox.SEND_MAIL}'
       AND job.status IN ('todo', 'doing') AND job.args->>'mail_id' = mail.id::text)"""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail that this worker, and no other for a while, may send. ``values`` are its letter's fields, sealed."""

    mail_id: UUID
    to: str
    kind: str
    values: Mapping[str, Any]


def enqueue(session: Session, letter: Letter, *, to: str, key: str) -> bool:
    """Have ``letter`` sent to the address ``to`` once the session's transaction is committed.

    ``key`` names what it tells of, as ``template:object:transition``; a second mail of one key is not written, and the
    answer is False. Raises ValueError when a field could begin a new line.
    """
    now = clock.now()
    mail_id = session.scalar(
        insert(Mail)
        .values(
            id=new_id(),
            to_address=to,
            kind=letter.kind,
            letter=values_of(letter),
            key=key,
            state="queued",
            attempts=0,
            created_at=now,
            next_try_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Mail.id)
    )
    if mail_id is None:
        return False
    outbox.enqueue(session, outbox.SEND_MAIL, {"mail_id": str(mail_id)})
    return True


def reserve(session: Session, mail_id: UUID) -> Outgoing | None:
    """Take the mail for sending. None when it is finished, not due yet, or another worker has it."""
    now = clock.now()
    row = session.execute(
        update(Mail)
        .where(Mail.id == mail_id, Mail.state == "queued", Mail.next_try_at <= now + _EARLY)
        .values(attempts=Mail.attempts + 1, next_try_at=now + _LEASE, taken_until=now + _LEASE)
        .returning(Mail.id, Mail.to_address, Mail.kind, Mail.letter)
    ).one_or_none()
    return Outgoing(*row) if row else None


def mark_sent(session: Session, mail_id: UUID) -> None:
    """Note that the mail is on its way, and erase what it said."""
    _finish(session, mail_id, state="sent", sent_at=clock.now(), last_error=None)


def mark_failed(session: Session, mail_id: UUID, *, reason: str) -> None:
    """Note that the mail was refused for good (no such address, say), and erase what it said."""
    _finish(session, mail_id, state="failed", last_error=_storable(reason))


def put_off(session: Session, mail_id: UUID, *, reason: str) -> None:
    """Note a try in vain: the mail is tried again later, or is parked after the last try."""
    attempts = session.scalar(
        update(Mail)
        .where(Mail.id == mail_id, Mail.state == "queued")
        .values(last_error=_storable(reason), taken_until=None)
        .returning(Mail.attempts)
    )
    if attempts is None:
        return
    if attempts >= TRIES:
        session.execute(update(Mail).where(Mail.id == mail_id).values(state="parked"))
        return
    at = clock.now() + pause_after(attempts)
    session.execute(update(Mail).where(Mail.id == mail_id).values(next_try_at=at))
    outbox.enqueue(session, outbox.SEND_MAIL, {"mail_id": str(mail_id)}, at=at)


def pause_after(attempts: int) -> timedelta:
    """How long a mail waits after a try in vain: 15 s, 1 min, 4 min … at most 4 hours; the last try is after a day."""
    factor: int = 4 ** (attempts - 1)
    return min(_FIRST_PAUSE * factor, _LONGEST_PAUSE)


def requeue_overdue(session: Session, *, limit: int = 500) -> Sequence[UUID]:
    """Give every mail that lost its job a new one, or park it when it was tried too often. Returns their ids."""
    now = clock.now()
    overdue = session.execute(
        select(Mail.id, Mail.attempts)
        .where(Mail.state == "queued", Mail.next_try_at < now - _OVERDUE, text(_WITHOUT_A_JOB))
        .order_by(Mail.next_try_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    worn = [row.id for row in overdue if row.attempts >= TRIES]
    session.execute(
        update(Mail).where(Mail.id.in_(worn)).values(state="parked", last_error="It ended each worker.")
    )
    lost = [row.id for row in overdue if row.attempts < TRIES]
    session.execute(update(Mail).where(Mail.id.in_(lost)).values(next_try_at=now))
    for mail_id in lost:
        outbox.enqueue(session, outbox.SEND_MAIL, {"mail_id": str(mail_id)})
    return [row.id for row in overdue]


def retry_parked(session: Session) -> Sequence[UUID]:
    """Try every parked mail from the start again, once its cause is gone. Returns their ids."""
    taken = session.scalars(
        update(Mail)
        .where(Mail.state == "parked")
        .values(state="queued", attempts=0, next_try_at=clock.now())
        .returning(Mail.id)
    ).all()
    for mail_id in taken:
        outbox.enqueue(session, outbox.SEND_MAIL, {"mail_id": str(mail_id)})
    return taken


def drop_unsent(session: Session, *, before: datetime) -> None:
    """Give up what waits since before ``before``: the demo's history is told to nobody today."""
    session.execute(
        text("DELETE FROM mail WHERE state = 'queued' AND created_at < :before"), {"before": before}
    )


def find_state(session: Session, mail_id: UUID) -> str | None:
    """Where the mail stands; None where there is none."""
    return session.scalar(select(Mail.state).where(Mail.id == mail_id))


def lock_open(session: Session, mail_id: UUID) -> str:
    """The state of a mail that is not out, locked: ``queued`` or ``parked``.

    Raises NotFound, Conflict ``nothing_to_send``, or ``being_sent`` while a worker has it: a second one would send it
    again.
    """
    row = session.execute(
        select(Mail.state, Mail.taken_until).where(Mail.id == mail_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    if row.state not in ("queued", "parked"):
        raise Conflict("nothing_to_send", "It is out, or was refused for good.")
    if row.taken_until is not None and row.taken_until > clock.now():
        raise Conflict("being_sent", "It is being sent right now: look again in a moment.")
    state: str = row.state
    return state


def park(session: Session, mail_id: UUID) -> None:
    """Nobody tries it until somebody takes it up again."""
    session.execute(update(Mail).where(Mail.id == mail_id, Mail.state == "queued").values(state="parked"))


def retry(session: Session, mail_id: UUID) -> None:
    """Try it from the start again, at once."""
    session.execute(
        update(Mail)
        .where(Mail.id == mail_id, Mail.state.in_(("queued", "parked")))
        .values(state="queued", attempts=0, next_try_at=clock.now())
    )
    outbox.enqueue(session, outbox.SEND_MAIL, {"mail_id": str(mail_id)})


def forget_old(session: Session) -> None:
    """Delete mails that went out, or were refused, three months ago: their addresses are nobody's business then."""
    session.execute(
        text("DELETE FROM mail WHERE state IN ('sent', 'failed') AND created_at < :before"),
        {"before": clock.now() - _KEPT},
    )


def _finish(session: Session, mail_id: UUID, **values: Any) -> None:
    session.execute(
        update(Mail)
        # Also what was parked meanwhile: it is out all the same.
        .where(Mail.id == mail_id, Mail.state.in_(("queued", "parked")))
        .values(letter=null(), taken_until=None, **values)
    )


def _storable(reason: str) -> str:
    """``reason`` as the database can hold it: a message may quote whatever came from outside."""
    return reason[:_LONGEST_REASON].replace("\0", "\ufffd").encode(errors="replace").decode()
