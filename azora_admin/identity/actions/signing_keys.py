"""Making, changing and forgetting the keys that sign access tokens, one process at a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, update
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict
from azora_admin.core.sealing import seal
from azora_admin.identity.actions import audit
from azora_admin.identity.queries.signing_keys import SEALED_AS, read_signing_keys
from azora_admin.identity.rules import Actor, Subject
from azora_admin.identity.rules.signing_keys import (
    ALGORITHM,
    CLOCK_SKEW,
    OVERLAP,
    VERIFIES_FOR,
    SigningKey,
    find_signer,
    find_waiting,
    is_due,
    new_pair,
    pair_bytes,
)
from azora_admin.identity.tables import SigningKeyRow


def ensure_signing_key(session: Session, actor: Actor, *, secret_key: str) -> None:
    """Make the first key unless there is one that signs; of many who start at once, one makes it.

    It signs from a little earlier on, for processes whose clocks are behind.
    """
    now = _alone(session)
    if find_signer(read_signing_keys(session, secret_key=secret_key).usable, now) is None:
        _add(
            session,
            actor,
            secret_key=secret_key,
            active_from=now - CLOCK_SKEW,
            why="there was none that signs",
        )


def rotate_signing_key(session: Session, actor: Actor, *, secret_key: str, why: str = "") -> SigningKey:
    """Make the next key: published from now on, it signs after ``OVERLAP``, when the one before retires.

    Raises Conflict ``key_waiting`` while an earlier one has still to begin.
    """
    now = _alone(session)
    waiting = find_waiting(read_signing_keys(session, secret_key=secret_key).usable, now)
    if waiting is not None:
        raise Conflict(
            "key_waiting", f"The next key is made already: it signs from {waiting.active_from} on."
        )
    return _add(session, actor, secret_key=secret_key, active_from=now + OVERLAP, why=why)


def rotate_when_due(
    session: Session, actor: Actor, *, secret_key: str, every: timedelta
) -> SigningKey | None:
    """Make the next key when the present one has signed for ``every``; None when it has not."""
    now = _alone(session)
    if not is_due(read_signing_keys(session, secret_key=secret_key).usable, now, every=every):
        return None
    return _add(session, actor, secret_key=secret_key, active_from=now + OVERLAP, why="its time had come")


def replace_signing_keys(session: Session, actor: Actor, *, secret_key: str, why: str = "") -> SigningKey:
    """For keys that somebody else may have: a new one signs at once, and all before it are gone, with their tokens.

    Every process refuses those tokens once it has read the keys again (``READ_EVERY``).
    """
    now = _alone(session)
    kids = [key.kid for key in read_signing_keys(session, secret_key=secret_key).usable]
    session.execute(delete(SigningKeyRow).where(SigningKeyRow.kid.in_(kids)))
    for kid in kids:
        _record(session, actor, "removed", kid, why=why)
    return _add(session, actor, secret_key=secret_key, active_from=now - CLOCK_SKEW, why=why)


def forget_retired_keys(session: Session, actor: Actor) -> int:
    """Delete the keys whose last token has ended. Returns how many."""
    now = _alone(session)
    gone = session.scalars(
        delete(SigningKeyRow)
        .where(SigningKeyRow.retired_at <= now - VERIFIES_FOR)
        .returning(SigningKeyRow.kid)
    ).all()
    for kid in gone:
        _record(session, actor, "removed", kid, why="its last token has ended")
    return len(gone)


def _alone(session: Session) -> datetime:
    """Hold the line of keys until this transaction ends; what time it is then."""
    db.lock(session, "signing keys")
    return clock.now()


def _add(session: Session, actor: Actor, *, secret_key: str, active_from: datetime, why: str) -> SigningKey:
    kid, pair = new_pair()
    usable = [key.kid for key in read_signing_keys(session, secret_key=secret_key).usable]
    session.execute(
        update(SigningKeyRow)
        .where(SigningKeyRow.kid.in_(usable), SigningKeyRow.retired_at.is_(None))
        .values(retired_at=func.greatest(SigningKeyRow.active_from, active_from))
    )
    session.add(
        SigningKeyRow(
            kid=kid,
            algorithm=ALGORITHM,
            private_sealed=seal(secret_key, SEALED_AS, pair_bytes(pair), about=kid),
            created_at=clock.now(),
            active_from=active_from,
            retired_at=None,
        )
    )
    session.flush()
    _record(session, actor, "added", kid, active_from=active_from, why=why)
    return SigningKey(kid, active_from, None, pair)


def _record(
    session: Session, actor: Actor, what: str, kid: str, *, active_from: datetime | None = None, why: str
) -> None:
    after = {"algorithm": ALGORITHM, "active_from": active_from} if active_from else None
    audit.record(
        session, actor, act=f"signing_key.{what}", subject=Subject("signing_key", kid), after=after, why=why
    )
