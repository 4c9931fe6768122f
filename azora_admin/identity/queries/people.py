"""Reading people."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import PersonId
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.tables import Person


def get_person(session: Session, person_id: PersonId) -> SignedIn:
    """The person, as a guard sees one. Raises NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("person_not_found", "There is no such person.")
    return as_signed_in(person)


def find_person_by_email(session: Session, email: str) -> SignedIn | None:
    """The person with this normalized address, or None."""
    person = session.scalars(select(Person).where(Person.email == email)).one_or_none()
    return as_signed_in(person) if person else None


def addresses_of(session: Session, role: str) -> list[str]:
    """The addresses of everybody who has ``role``."""
    return list(
        session.scalars(select(Person.email).where(Person.roles.contains([role])).order_by(Person.email))
    )


def is_email_confirmed(session: Session, person_id: PersonId) -> bool:
    """Whether the person's address was shown to be theirs."""
    return session.scalar(select(Person.email_confirmed_at).where(Person.id == person_id)) is not None


def as_signed_in(person: Person) -> SignedIn:
    """``person`` as the frozen value that crosses borders."""
    return SignedIn(None, PersonId(person.id), person.name, person.email, frozenset(person.roles))
