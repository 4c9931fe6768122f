"""Changing people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.rules import ROLES, NewPerson
from azora_admin.identity.tables import Person


def add_person(
    session: Session,
    person: NewPerson,
    *,
    password_hash: str,
    roles: Iterable[str],
    email_confirmed_at: datetime | None = None,
) -> PersonId:
    """Keep a new person; without ``email_confirmed_at`` the address has yet to be shown to be theirs.

    Raises Invalid (field ``email``) when the address has an account already.
    """
    chosen = sorted(set(roles))
    unknown = [role for role in chosen if role not in ROLES]
    if unknown or not chosen:
        raise Invalid([FieldError("roles", "unknown_role", f"Choose roles from {', '.join(ROLES)}.")])
    person_id = session.scalar(
        insert(Person)
        .values(
            id=new_id(),
            email=person.email,
            email_confirmed_at=email_confirmed_at,
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
