"""Passwords, hashed by argon2id with the library's own parameters."""

from __future__ import annotations

import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from azora_admin.core.errors import Unauthenticated
from azora_admin.core.ids import PersonId
from azora_admin.identity.queries import as_signed_in
from azora_admin.identity.rules import SignedIn, normalized_email
from azora_admin.identity.tables import Person

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The argon2id hash of ``password``; about 50 ms of one core, so do it outside a transaction."""
    return _hasher.hash(password)


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
    return as_signed_in(person)


def find_stale_hash(session: Session, person_id: PersonId) -> str | None:
    """The person's hash when it was made with other parameters than a new one would be, or None."""
    password_hash = session.scalar(select(Person.password_hash).where(Person.id == person_id))
    return password_hash if password_hash and _hasher.check_needs_rehash(password_hash) else None


def renew_hash(session: Session, person_id: PersonId, *, stale: str, fresh: str) -> None:
    """Put a hash of the same password in the place of the ``stale`` one, unless the password has changed meanwhile."""
    session.execute(
        update(Person)
        .where(Person.id == person_id, Person.password_hash == stale)
        .values(password_hash=fresh)
    )


@lru_cache(maxsize=1)
def _decoy_hash() -> str:
    """A hash to check against when nobody has the address, so that the answer takes as long."""
    return _hasher.hash(secrets.token_hex(16))
