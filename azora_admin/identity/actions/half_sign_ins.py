"""Half a sign-in: the password was right, the second factor is owed. It opens nothing, and not for long."""

from __future__ import annotations

import secrets

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Unauthenticated
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.actions.expiring import forget_expired
from azora_admin.identity.queries import token_hash
from azora_admin.identity.rules.factors import HALF_SIGN_IN_ATTEMPTS, HALF_SIGN_IN_LIFE
from azora_admin.identity.tables import HalfSignIn


class HalfSignInOver(Unauthenticated):
    """It took too long, or too many codes were wrong."""

    def __init__(self) -> None:
        super().__init__("sign_in_again", "That took too long, or too many tries: enter your password again.")


def begin_half_sign_in(session: Session, person_id: PersonId) -> str:
    """The person gave the right password. Returns the token that the browser goes on with."""
    now = clock.now()
    forget_expired(session, HalfSignIn)
    token = secrets.token_urlsafe(32)
    session.add(
        HalfSignIn(
            id=new_id(),
            person_id=person_id,
            token_hash=token_hash(token),
            attempts=0,
            expires_at=now + HALF_SIGN_IN_LIFE,
        )
    )
    session.flush()
    return token


def count_attempt(session: Session, token: str) -> PersonId:
    """One more try at the second factor, and whose: commit it before you look at what was given.

    Raises HalfSignInOver after the last one.
    """
    person_id = session.scalar(
        update(HalfSignIn)
        .where(
            HalfSignIn.token_hash == token_hash(token),
            HalfSignIn.expires_at > clock.now(),
            HalfSignIn.attempts < HALF_SIGN_IN_ATTEMPTS,
        )
        .values(attempts=HalfSignIn.attempts + 1)
        .returning(HalfSignIn.person_id)
    )
    if person_id is None:
        raise HalfSignInOver
    return PersonId(person_id)


def end_half_sign_in(session: Session, token: str) -> None:
    """It became a whole one, which it can once. Raises HalfSignInOver when it did already."""
    ended = session.scalar(
        delete(HalfSignIn).where(HalfSignIn.token_hash == token_hash(token)).returning(HalfSignIn.id)
    )
    if ended is None:
        raise HalfSignInOver


def end_half_sign_ins(session: Session, person_id: PersonId) -> None:
    """Whoever is half signed in as this person has to start again: the password has changed, say."""
    session.execute(delete(HalfSignIn).where(HalfSignIn.person_id == person_id))
