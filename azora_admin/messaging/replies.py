"""Replies: a request that bears a key has its effect once, and its answer as often as it is asked for.

claimed (a lease: its process may die) → answered (in the commit of the effect) | released (nothing happened)

The answer is kept by the transaction that makes the effect, so neither is there without the other. Who takes over an
abandoned claim gets an attempt of its own; the one before can't commit any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict, DomainError
from azora_admin.core.ids import new_id
from azora_admin.messaging.tables import Reply

# Longer than a request can take: every call to Stripe in it tried again and timed out.
LEASE: Final = timedelta(seconds=60)
KEPT_FOR: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request under a key. ``principal`` is who asks, ``fingerprint`` a hash of all that is asked."""

    principal: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to have the effect of ``asked``, until the lease is over."""

    asked: Asked
    attempt: UUID


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; ``body`` as its keeper sealed it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class InProgress(Conflict):
    """The same request is being worked on."""

    retry_after = 1

    def __init__(self) -> None:
        super().__init__("request_in_progress", "The same request is being worked on: ask again in a moment.")


class KeyReused(DomainError):
    """The key belongs to a request that asked for something else."""

    def __init__(self) -> None:
        super().__init__(
            422,
            "idempotency_key_reused",
            "This Idempotency-Key came with another request before: make a new one for each new request.",
        )


class ClaimLost(InProgress):
    """The lease was over, and somebody took the request over: this attempt must not have an effect."""

    def __init__(self) -> None:
        super().__init__()
        self.detail = "The request took too long and is being worked on anew: ask again in a moment."


def claim(session: Session, asked: Asked) -> Claim | Answer:
    """Claim the request, or get the answer that it got before.

    Raises KeyReused for another request under the same key, InProgress while the same one is being worked on.
    """
    now, attempt = clock.now(), new_id()
    values = {"fingerprint": asked.fingerprint, "attempt": attempt, "lease_until": now + LEASE}
    fresh = insert(Reply).values(principal=asked.principal, key=asked.key, created_at=now, **values)
    taken = session.scalar(
        fresh.on_conflict_do_update(
            index_elements=["principal", "key"],
            set_={"attempt": attempt, "lease_until": now + LEASE},
            where=(Reply.status.is_(None))
            & (Reply.lease_until < now)
            & (Reply.fingerprint == asked.fingerprint),
        ).returning(Reply.attempt)
    )
    return Claim(asked, attempt) if taken else _known(session, asked)


def keep(session: Session, claimed: Claim, answer: Answer) -> None:
    """Keep the answer in the transaction of its effect. Raises ClaimLost: the effect must not be committed."""
    kept = session.execute(
        update(Reply)
        .where(*_is(claimed))
        .values(status=answer.status, headers=dict(answer.headers), body=answer.body, answered_at=clock.now())
        .returning(Reply.key)
    ).one_or_none()
    if kept is None:
        raise ClaimLost


def revise(session: Session, claimed: Claim, answer: Answer) -> None:
    """Replace the answer that this very attempt has kept: more of the effect is known by now."""
    session.execute(
        update(Reply)
        .where(
            Reply.principal == claimed.asked.principal,
            Reply.key == claimed.asked.key,
            Reply.attempt == claimed.attempt,
            Reply.status.is_not(None),
        )
        .values(status=answer.status, headers=dict(answer.headers), body=answer.body)
    )


def release(session: Session, claimed: Claim) -> None:
    """Give the claim back: nothing happened, and the same key may be sent again at once."""
    session.execute(delete(Reply).where(*_is(claimed)))


def forget_old(session: Session, *, limit: int = 5000) -> int:
    """Delete the replies that were kept long enough, ``limit`` at most. Returns how many."""
    old = (
        select(Reply.principal, Reply.key)
        .where(Reply.created_at < clock.now() - KEPT_FOR)
        .order_by(Reply.created_at)
        .limit(limit)
        .subquery()
    )
    gone = delete(Reply).where(Reply.principal == old.c.principal, Reply.key == old.c.key)
    return len(session.execute(gone.returning(Reply.key)).all())


def _known(session: Session, asked: Asked) -> Answer:
    row = session.execute(
        select(Reply.fingerprint, Reply.status, Reply.headers, Reply.body).where(
            Reply.principal == asked.principal, Reply.key == asked.key
        )
    ).one_or_none()
    if row is None:
        raise InProgress  # released between our two looks
    if row.fingerprint != asked.fingerprint:
        raise KeyReused
    if row.status is None:
        raise InProgress
    return Answer(row.status, row.headers, row.body)


def _is(claimed: Claim) -> tuple[ColumnElement[bool], ...]:
    asked = claimed.asked
    return (
        Reply.principal == asked.principal,
        Reply.key == asked.key,
        Reply.attempt == claimed.attempt,
        Reply.status.is_(None),
    )
