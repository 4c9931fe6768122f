"""Staff steer what goes out: tried at once, parked so that nothing tries it, or taken up again; each for a reason."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import Conflict, FieldError, Invalid
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, Subject
from azora_admin.messaging import mail, queue
from azora_admin.payments.actions import parking

REASON_LONGEST: Final = 500
_DONE: Final = {"retry": "retried", "park": "parked"}


def steer(session: Session, actor: Actor, *, kind: str, identity: UUID, act: str, reason: str) -> None:
    """``retry`` (also what is parked) or ``park`` a payment, refund, setup, answer to a bank or mail.

    Raises Invalid without a reason, NotFound, Conflict when there is nothing to try, or it is parked already.
    """
    why = _why(reason)
    before = _mail(session, identity, act) if kind == "mail" else _asked(session, kind, identity, act)
    audit.record(
        session,
        actor,
        act=f"outgoing.{_DONE[act]}",
        subject=Subject(kind, str(identity), kind),
        before={"parked": before},
        after={"parked": act == "park"},
        why=why,
    )


def retry_job(session: Session, actor: Actor, *, job_id: int, reason: str) -> None:
    """Have a job that failed for good done once more.

    Raises Invalid without a reason, NotFound, Conflict when it did not fail, or the clock does it again by itself.
    """
    why = _why(reason)
    failed = queue.lock_failed(session, job_id)
    queue.put_back(session, job_id)
    audit.record(
        session,
        actor,
        act="job.retried",
        subject=Subject("job", str(job_id), failed.name),
        before={"state": "failed", "attempts": failed.attempts},
        after={"state": "waiting"},
        why=why,
    )


def is_parked(kind: str, identity: UUID) -> bool:
    """Whether a job about it has nothing to do: it may have been enqueued before the parking."""
    with db.reading() as session:
        return parking.is_parked(session, kind, identity)


def _why(reason: str) -> str:
    why = " ".join(reason.split())
    if not why or len(why) > REASON_LONGEST or not why.isprintable():
        text = f"Say why, in 1 to {REASON_LONGEST} characters."
        raise Invalid([FieldError("reason", "invalid_length", text)])
    return why


def _asked(session: Session, kind: str, identity: UUID, act: str) -> bool:
    is_parked = parking.lock(session, kind, identity).parked_at is not None
    if act == "retry":
        parking.ask_now(session, kind, identity)
    elif is_parked:
        raise _parked_already()
    else:
        parking.park(session, kind, identity)
    return is_parked


def _mail(session: Session, identity: UUID, act: str) -> bool:
    is_parked = mail.lock_open(session, identity) == "parked"
    if act == "retry":
        mail.retry(session, identity)
    elif is_parked:
        raise _parked_already()
    else:
        mail.park(session, identity)
    return is_parked


def _parked_already() -> Conflict:
    return Conflict("parked_already", "It is parked already.")
