"""Reading sessions: whose token is this, and does it still count?"""

from __future__ import annotations

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import PersonId, SessionId
from azora_admin.identity.rules import SignedIn, is_session_live
from azora_admin.identity.tables import Person, PersonSession


def find_session(session: Session, token: str) -> SignedIn | None:
    """Who holds the session ``token``; None when there is none or it is over."""
    found = session.execute(
        select(PersonSession, Person)
        .join(Person, Person.id == PersonSession.person_id)
        .where(PersonSession.token_hash == token_hash(token))
    ).one_or_none()
    if found is None:
        return None
    row, person = found
    live = is_session_live(
        now=clock.now(), last_seen_at=row.last_seen_at, expires_at=row.expires_at, ended_at=row.ended_at
    )
    if not live:
        return None
    return SignedIn(
        SessionId(row.id), PersonId(person.id), person.name, person.email, frozenset(person.roles)
    )


def token_hash(token: str) -> bytes:
    """What is stored of a session token: it has 256 random bits, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()
