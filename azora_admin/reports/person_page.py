"""One person as the staff sees them: who they are, what they may do, and how much there is of them elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import PersonId
from azora_admin.identity.tables import Person, PersonSession
from azora_admin.marketplace.tables import AccessGrant
from azora_admin.payments.tables import Payment
from azora_admin.reports.signed_in import SignedInPlace, signed_in_places


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A person; ``version`` is that of what can be edited."""

    id: PersonId
    name: str
    email: str
    role_names: Sequence[str]
    version: int
    created_at: datetime
    last_seen_at: datetime | None
    payments: int
    open_courses: int
    places: Sequence[SignedInPlace]

    @property
    def is_machine(self) -> bool:
        return "machine" in self.role_names


def person_page(session: Session, person_id: PersonId) -> PersonPage:
    """The person, in two statements. Raises NotFound."""
    last_seen = select(func.max(PersonSession.last_seen_at)).where(PersonSession.person_id == person_id)
    payments = select(func.count()).where(Payment.payer_id == person_id)
    courses = select(func.count()).where(AccessGrant.learner_id == person_id, AccessGrant.ended_at.is_(None))
    row = session.execute(
        select(
            Person,
            last_seen.scalar_subquery(),
            payments.scalar_subquery(),
            courses.scalar_subquery(),
        ).where(Person.id == person_id)
    ).one_or_none()
    if row is None:
        raise NotFound("person_not_found", "There is no such person.")
    person, last_seen_at, paid, opened = row
    return PersonPage(
        person_id,
        person.name,
        person.email,
        person.roles,
        person.version,
        person.created_at,
        last_seen_at,
        paid,
        opened,
        signed_in_places(session, person_id),
    )
