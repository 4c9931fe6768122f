"""Opening and ending browser sessions."""

from __future__ import annotations

import secrets
from dataclasses import replace

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import NotFound
from azora_admin.core.ids import PersonId, SessionId, new_id
from azora_admin.identity.actions.copies import forget_copies
from azora_admin.identity.queries import token_hash
from azora_admin.identity.rules import SESSION_LONGEST, SignedIn
from azora_admin.identity.tables import PersonSession


def start_session(
    session: Session, person: SignedIn, *, user_agent: str, address: str
) -> tuple[SignedIn, str]:
    """Open a browser session for somebody who has just proved to be ``person``, second factor included.

    Returns who is signed in and the token that the browser keeps.
    """
    token = secrets.token_urlsafe(32)
    now = clock.now()
    row = PersonSession(
        id=new_id(),
        person_id=person.person_id,
        token_hash=token_hash(token),
        created_at=now,
        last_seen_at=now,
        expires_at=now + SESSION_LONGEST,
        ended_at=None,
        proved_at=now,
        user_agent=user_agent[:400],
        address=address[:64],
    )
    session.add(row)
    session.flush()
    return replace(person, session_id=SessionId(row.id), proved_at=now), token


def prove_session(session: Session, *, session_id: SessionId) -> None:
    """Note that password and second factor were given again just now."""
    holder = session.scalar(
        update(PersonSession)
        .where(PersonSession.id == session_id)
        .values(proved_at=clock.now())
        .returning(PersonSession.person_id)
    )
    if holder is not None:
        forget_copies(session, PersonId(holder))


def sign_out(session: Session, *, session_id: SessionId) -> None:
    """End a session; ending it twice is the same as once."""
    holder = session.scalar(
        update(PersonSession)
        .where(PersonSession.id == session_id, PersonSession.ended_at.is_(None))
        .values(ended_at=clock.now())
        .returning(PersonSession.person_id)
    )
    if holder is not None:
        forget_copies(session, PersonId(holder))


def end_session(session: Session, person_id: PersonId, session_id: SessionId) -> None:
    """End one of the person's sessions; ending it twice is the same as once. Raises NotFound for anybody else's."""
    mine = select(PersonSession.id).where(
        PersonSession.id == session_id, PersonSession.person_id == person_id
    )
    if session.scalar(mine) is None:
        raise NotFound("session_not_found", "There is no such session.")
    sign_out(session, session_id=session_id)


def end_other_sessions(session: Session, person_id: PersonId, *, keep: SessionId | None) -> int:
    """End the person's sessions but the one to keep, if any. Returns how many ended."""
    ended = session.scalars(
        update(PersonSession)
        .where(
            PersonSession.person_id == person_id,
            PersonSession.ended_at.is_(None),
            PersonSession.id.is_distinct_from(keep),
        )
        .values(ended_at=clock.now())
        .returning(PersonSession.id)
    )
    forget_copies(session, person_id)
    return len(ended.all())


def touch_session(session: Session, *, session_id: SessionId) -> None:
    """Note that the session was used, so that it isn't taken for idle."""
    session.execute(
        update(PersonSession).where(PersonSession.id == session_id).values(last_seen_at=clock.now())
    )
