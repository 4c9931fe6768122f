"""Changing people and sessions. Passwords are hashed by argon2id, with the library's own parameters."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import FieldError, Invalid, Unauthenticated
from azora_admin.core.ids import PersonId, SessionId, new_id
from azora_admin.identity.queries import signed_in, token_hash
from azora_admin.identity.rules import ROLES, SESSION_LONGEST, NewPerson, SignedIn, normalized_email
from azora_admin.identity.tables import Person, PersonSession

_hasher = PasswordHasher()


@lru_cache(maxsize=1)
def _decoy_hash() -> str:
    """A hash to check against when nobody has the address, so that the answer takes as long."""
    return _hasher.hash(secrets.token_hex(16))


def hash_password(password: str) -> str:
    """The argon2id hash of ``password``; about 50 ms of one core, so do it outside a transaction."""
    return _hasher.hash(password)


def add_person(session: Session, person: NewPerson, *, password_hash: str, roles: Iterable[str]) -> PersonId:
    """Keep a new person. Raises Invalid (field ``email``) when the address has an account already."""
    chosen = sorted(set(roles))
    unknown = [role for role in chosen if role not in ROLES]
    if unknown or not chosen:
        raise Invalid([FieldError("roles", "unknown_role", f"Choose roles from {', '.join(ROLES)}.")])
    person_id = session.scalar(
        insert(Person)
        .values(
            id=new_id(),
            email=person.email,
            name=person.name,
            password_hash=password_hash,
            roles=chosen,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(Person.id)
    )
    if person_id is None:
        raise Invalid([FieldError("email", "email_taken", "This e-mail address has an account already.")])
    return PersonId(person_id)


def check_password(session: Session, *, email: str, password: str) -> SignedIn:
    """The person whose address and password these are.

    Raises Unauthenticated ``invalid_credentials`` in the same words and about the same time whether the
    address is unknown or the password is wrong.
    """
    address = normalized_email(email)
    person = session.scalars(select(Person).where(Person.email == address)).one_or_none() if address else None
    try:
        _hasher.verify(person.password_hash if person else _decoy_hash(), password)
    except (VerifyMismatchError, InvalidHashError):
        person = None
    if person is None:
        raise Unauthenticated("invalid_credentials", "The e-mail address or the password is not right.")
    return signed_in(person, None)


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


def sign_in(
    session: Session, *, email: str, password: str, user_agent: str, address: str
) -> tuple[SignedIn, str]:
    """Check the password and open a session. Raises Unauthenticated ``invalid_credentials``."""
    person = check_password(session, email=email, password=password)
    return start_session(session, person, user_agent=user_agent, address=address)


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
