"""Giving and taking roles. What changes counts at once for sessions; access tokens live on for their 15 minutes."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import Conflict, NotFound
from azora_admin.core.ids import PersonId
from azora_admin.identity.actions import audit
from azora_admin.identity.actions.copies import forget_copies
from azora_admin.identity.rules import Actor
from azora_admin.identity.rules.audit import Subject
from azora_admin.identity.rules.roles import check_reason, check_roles
from azora_admin.identity.tables import Person


class StaleVersion(Conflict):
    """Somebody else changed it since it was read."""

    def __init__(self, seen: int, found: int) -> None:
        super().__init__(
            "stale_version",
            f"This was changed by somebody else: you saw version {seen}, and it is {found} now.",
        )


def change_roles(
    session: Session, actor: Actor, *, person_id: PersonId, roles: Iterable[str], version: int, why: str
) -> None:
    """Give the person exactly ``roles``; the same ones again change nothing.

    Raises NotFound, StaleVersion, Invalid (fields ``roles``, ``why``), Conflict ``last_admin``.
    """
    # One change of roles after the other: two administrators who take the role from each other wait here, each
    # before it has locked anybody.
    db.lock(session, "roles")
    person = session.execute(
        select(Person.name, Person.roles, Person.version).where(Person.id == person_id).with_for_update()
    ).one_or_none()
    if person is None:
        raise NotFound("person_not_found", "There is no such person.")
    if person.version != version:
        raise StaleVersion(version, person.version)
    reason = check_reason(why)
    chosen = check_roles(roles, held=person.roles, is_own=actor.person_id == person_id)
    if set(chosen) == set(person.roles):
        return
    if "admin" in person.roles and "admin" not in chosen:
        _refuse_last_admin(session, person_id)
    session.execute(
        update(Person).where(Person.id == person_id).values(roles=chosen, version=Person.version + 1)
    )
    forget_copies(session, person_id)
    audit.record(
        session,
        actor,
        act="person.roles_changed",
        subject=Subject("person", str(person_id), person.name),
        before={"roles": sorted(person.roles)},
        after={"roles": sorted(chosen)},
        why=reason,
    )


def _refuse_last_admin(session: Session, person_id: PersonId) -> None:
    another = select(Person.id).where(Person.roles.contains(["admin"]), Person.id != person_id).limit(1)
    if session.scalar(another) is None:
        raise Conflict("last_admin", "This is the last administrator: make another one first.")
