"""Machines: accounts of programs, with keys and without a password."""

from __future__ import annotations

from sqlalchemy.orm import Session

from azora_admin.core.errors import Invalid
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.actions import audit
from azora_admin.identity.actions.people import add_person
from azora_admin.identity.rules import Actor, Subject
from azora_admin.identity.rules.people import NewPerson, no_name, tidy_name

# No hash has this form, so no password fits.
NO_PASSWORD = "none"  # noqa: S105


def add_machine(session: Session, actor: Actor, *, name: str) -> PersonId:
    """A new machine, which gets in by its API keys alone. Raises Invalid (field ``name``).

    Its address is made up under a name that no mail can reach (RFC 6761), since every account has one.
    """
    clean_name = tidy_name(name)
    if clean_name is None:
        raise Invalid([no_name()])
    new = NewPerson(f"machine-{new_id().hex}@machines.invalid", clean_name, "")
    machine_id = add_person(session, new, password_hash=NO_PASSWORD, roles=["machine"])
    audit.record(
        session,
        actor,
        act="machine.added",
        subject=Subject("person", str(machine_id), clean_name),
        after={"name": clean_name, "email": new.email, "roles": ["machine"]},
    )
    return machine_id
