"""Reading sessions: whose token is this, and does it still count?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import PersonId, SessionId
from azora_admin.identity.queries.factors import has_app, has_passkey
from azora_admin.identity.queries.people import get_person
from azora_admin.identity.rules import Action, SignedIn, is_session_live
from azora_admin.identity.rules.sessions import session_until
from azora_admin.identity.tables import Person, PersonSession, Seeing


@dataclass(frozen=True, slots=True)
class Held:
    """A session's holder, as they are ``until`` then unless something changes."""

    person: SignedIn
    until: datetime


def find_session(session: Session, token: str) -> SignedIn | None:
    """Who holds the session ``token``; None when there is none or it is over.

    While its holder looks through another person's eyes, it is that person, ``seen_by`` the holder.
    """
    held = find_held_session(session, token)
    return held.person if held else None


def find_held_session(session: Session, token: str) -> Held | None:
    """``find_session``, and until when that answer holds."""
    found = session.execute(
        select(PersonSession, Person, Seeing, has_app() | has_passkey())
        .join(Person, Person.id == PersonSession.person_id)
        .outerjoin(Seeing, (Seeing.session_id == PersonSession.id) & (Seeing.until > clock.now()))
        .where(PersonSession.token_hash == token_hash(token))
    ).one_or_none()
    if found is None:
        return None
    row, person = found[0], found[1]
    seeing: Seeing | None = found[2]  # an outer join's, which the types don't know
    live = is_session_live(
        now=clock.now(), last_seen_at=row.last_seen_at, expires_at=row.expires_at, ended_at=row.ended_at
    )
    if not live:
        return None
    holder = SignedIn(
        SessionId(row.id),
        PersonId(person.id),
        person.name,
        person.email,
        frozenset(person.roles),
        proved_at=row.proved_at,
        has_factor=found[3],
    )
    until = session_until(last_seen_at=row.last_seen_at, expires_at=row.expires_at)
    if seeing is None:
        return Held(holder, until)
    seen = _seen_through(session, holder, PersonId(seeing.person_id))
    return Held(seen, min(until, seeing.until))


def _seen_through(session: Session, holder: SignedIn, person_id: PersonId) -> SignedIn:
    if not holder.may(Action.ACT_AS):
        return holder  # the role was taken away meanwhile
    return replace(
        get_person(session, person_id),
        session_id=holder.session_id,
        seen_by=holder.person_id,
        seen_by_name=holder.name,
    )


def token_hash(token: str) -> bytes:
    """What is stored of a session token: it has 256 random bits, so one round of SHA-256 is enough."""
    return hashlib.sha256(token.encode()).digest()
