"""Reading people and sessions."""

from __future__ import annotations

import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import NotFound
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
    return signed_in(person, SessionId(row.id)) if live else None


def get_person(session: Session, person_id: PersonId) -> SignedIn:
    """The person, as a guard sees one. Raises NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("person_not_found", "There is no such person.")
    return signed_in(person, None)


def find_person_by_email(session: Session, email: str) -> SignedIn | None:
    """The person with this normalized address, or None."""
    person = session.scalars(select(Person).where(Person.email == email)).one_or_none()
    return signed_in(person, None) if person else None


def token_hash(token: str) -> bytes:
    """What is stored of a session token: it has 256 random bits, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()


def signed_in(person: Person, session_id: SessionId | None) -> SignedIn:
    """``person`` as the frozen value that crosses borders."""
    return SignedIn(session_id, PersonId(person.id), person.name, person.email, frozenset(person.roles))
