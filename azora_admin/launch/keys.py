"""API keys from the command line: for machines before anybody has signed in, and when pages can't be reached."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.identity import actions, queries
from azora_admin.identity.queries import ApiKeyView
from azora_admin.identity.rules import SignedIn, normalized_email
from azora_admin.launch.operator import at_the_machine
from azora_admin.launch.problem import LaunchError


def add_machine(name: str) -> SignedIn:
    """A new machine. Raises Invalid for a name that is none."""
    with db.transaction() as session:
        return queries.get_person(session, actions.add_machine(session, at_the_machine(), name=name))


def add_key(owner: str, *, name: str, scopes: Iterable[str], days: int | None) -> tuple[ApiKeyView, str]:
    """A new key for whoever has the address ``owner``, and its text. Raises LaunchError, Invalid, Conflict."""
    with db.transaction() as session:
        return actions.create_key(
            session,
            at_the_machine(),
            owner_id=_get_owner(session, owner).person_id,
            name=name,
            scopes=scopes,
            expires_at=clock.now() + timedelta(days=days) if days else None,
        )


def revoke_key(prefix: str) -> ApiKeyView:
    """End the key that begins with ``prefix``. Raises NotFound."""
    with db.transaction() as session:
        key = queries.get_key_by_prefix(session, prefix)
        return actions.revoke_key(session, at_the_machine(), key_id=key.key_id, owner_id=key.owner_id)


def list_keys(owner: str) -> Iterator[str]:
    """The keys of whoever has the address ``owner``, a line each. Raises LaunchError."""
    with db.reading() as session:
        keys = queries.list_keys(session, _get_owner(session, owner).person_id)
    for key in keys:
        used, ends = _day(key.last_used_at, "never"), _day(key.expires_at, "never")
        yield f"{key.prefix}  {key.standing:<7}  used {used:<10}  ends {ends:<10}  {key.name}: {', '.join(key.scopes)}"


def _get_owner(session: Session, address: str) -> SignedIn:
    # A machine's address is none that a person could have.
    owner = queries.find_person_by_email(session, normalized_email(address) or address.strip().lower())
    if owner is None:
        raise LaunchError(f"Nobody has the address {address}. A new machine: azora machine add NAME.")
    return owner


def _day(at: datetime | None, otherwise: str) -> str:
    return at.date().isoformat() if at else otherwise
