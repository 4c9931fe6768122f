"""Reading sign-ins under way: who gave the right password and owes the second factor."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import PersonId
from azora_admin.identity.queries.factors import has_app, has_passkey
from azora_admin.identity.queries.sessions import token_hash
from azora_admin.identity.rules.factors import HALF_SIGN_IN_ATTEMPTS
from azora_admin.identity.tables import HalfSignIn, Person


@dataclass(frozen=True, slots=True)
class HalfSignedIn:
    """Somebody half signed in, and what they can go on with."""

    person_id: PersonId
    email: str
    has_app: bool
    has_passkey: bool


def find_half_sign_in(session: Session, token: str) -> HalfSignedIn | None:
    """Who is half signed in by ``token``; None when it is unknown, over, or was tried too often."""
    row = session.execute(
        select(Person.id, Person.email, has_app(), has_passkey())
        .join(HalfSignIn, HalfSignIn.person_id == Person.id)
        .where(
            HalfSignIn.token_hash == token_hash(token),
            HalfSignIn.expires_at > clock.now(),
            HalfSignIn.attempts < HALF_SIGN_IN_ATTEMPTS,
        )
    ).one_or_none()
    return HalfSignedIn(PersonId(row[0]), row[1], row[2], row[3]) if row else None
