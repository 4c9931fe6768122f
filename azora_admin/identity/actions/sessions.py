"""Opening and ending browser sessions."""

from __future__ import annotations

import secrets

from sqlalchemy import update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import SessionId, new_id
from azora_admin.identity.queries import token_hash
from azora_admin.identity.rules import SESSION_LONGEST, SignedIn
from azora_admin.identity.tables import PersonSession


def start_session(
    session: Session, person: SignedIn, *, user_agent: str, address: str
) -> tuple[SignedIn, str]:
    """Open a browser session. Returns who is signed in and the token that the browser keeps."""
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
        user_agent=user_agent[:400],
        address=address[:64],
    )
    session.add(row)
    session.flush()
    opened = SignedIn(SessionId(row.id), person.person_id, person.name, person.email, person.roles)
    return opened, token


def sign_out(session: Session, *, session_id: SessionId) -> None:
    """End a session; ending it twice is the same as once."""
    session.execute(
        update(PersonSession)
        .where(PersonSession.id == session_id, PersonSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def touch_session(session: Session, *, session_id: SessionId) -> None:
    """Note that the session was used, so that it isn't taken for idle."""
    session.execute(
        update(PersonSession).where(PersonSession.id == session_id).values(last_seen_at=clock.now())
    )
