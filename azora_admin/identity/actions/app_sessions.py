"""Apps that sign in, stay signed in by refreshing, and are signed out.

Who refreshes holds the rows of the token and its family: of many who come with one token, one spends it, and the
others find it spent a moment ago.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import NotFound
from azora_admin.core.ids import FamilyId, PersonId, new_id
from azora_admin.core.letters import moment_words
from azora_admin.identity.actions import audit
from azora_admin.identity.queries import as_signed_in
from azora_admin.identity.rules import CLOCKWORK, Actor, SignedIn, Subject
from azora_admin.identity.rules.letters import AppSignedOut
from azora_admin.identity.rules.refresh_tokens import (
    APP_IDLE,
    APP_LONGEST,
    APPS_MOST,
    RANDOM_BYTES,
    EndReason,
    check_family,
    invalid_refresh_token,
    is_refresh_token,
    successor,
    use_of,
    write_refresh_token,
)
from azora_admin.identity.rules.secret_texts import secret_hash
from azora_admin.identity.tables import Person, RefreshFamily, RefreshToken
from azora_admin.messaging import mail

_KEPT: Final = timedelta(days=30)
_LONGEST_AGENT: Final = 400
_LONGEST_ADDRESS: Final = 64


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Who is signed in still, and the token to refresh with the next time."""

    person: SignedIn
    refresh_token: str


@dataclass(frozen=True, slots=True)
class Reused:
    """A token came back that was spent long ago: the family has ended, with this transaction."""

    person: SignedIn


def start_app_session(session: Session, person: SignedIn, *, user_agent: str, address: str) -> str:
    """Sign an app in: the first token of a new family. Of too many apps, those not used for longest are signed out."""
    crowded = _live(session, person.person_id, beyond=APPS_MOST - 1)
    now, token = clock.now(), write_refresh_token(secrets.token_bytes(RANDOM_BYTES))
    family = RefreshFamily(
        id=new_id(),
        person_id=person.person_id,
        generation=0,
        created_at=now,
        last_used_at=now,
        expires_at=now + APP_LONGEST,
        ended_at=None,
        end_reason=None,
        user_agent=user_agent[:_LONGEST_AGENT],
        address=address[:_LONGEST_ADDRESS],
    )
    session.add(family)
    session.flush()
    _keep(session, token, family)
    _end(session, CLOCKWORK, crowded, reason="crowded")
    return token


def refresh(
    session: Session, actor: Actor, token: str, *, secret_key: str, user_agent: str
) -> Refreshed | Reused:
    """Spend the token for its successor; one that was spent a moment ago gives the newest of the family.

    Commit what ``Reused`` says before refusing: the family has ended, and its person is told.
    Raises Unauthenticated ``invalid_refresh_token``, ``refresh_token_expired``, ``session_ended``; nothing is changed.
    """
    given, family, person = _taken(session, token)
    now = clock.now()
    check_family(
        now=now,
        last_used_at=family.last_used_at,
        expires_at=family.expires_at,
        ended_at=family.ended_at,
    )
    use = use_of(spent_at=given.spent_at, now=now)
    if use == "reused":
        _end_reused(session, actor, family, person)
        return Reused(as_signed_in(person))
    if use == "first":
        given.spent_at = family.last_used_at = now
        family.user_agent, family.address = user_agent[:_LONGEST_AGENT], actor.address[:_LONGEST_ADDRESS]
        family.generation += 1
        _keep(session, successor(token, secret_key=secret_key), family)
    for _ in range(family.generation - given.generation):
        token = successor(token, secret_key=secret_key)
    _check_kept(session, token)
    return Refreshed(as_signed_in(person), token)


def revoke(session: Session, actor: Actor, token: str) -> None:
    """Sign the app of this token out, whichever of its tokens it is; a second time, nothing is done."""
    if not is_refresh_token(token):
        return
    found = session.execute(
        select(RefreshFamily.id, Person)
        .join(Person, Person.id == RefreshFamily.person_id)
        .join(RefreshToken, RefreshToken.family_id == RefreshFamily.id)
        .where(RefreshToken.token_hash == secret_hash(token))
    ).one_or_none()
    if found is not None:
        family_id, person = found
        _end(session, actor.known_as(as_signed_in(person)), [family_id], reason="revoked")


def end_app_session(session: Session, actor: Actor, *, family_id: FamilyId, person_id: PersonId) -> None:
    """Sign out one of the person's apps; twice is once. Raises NotFound ``session_not_found`` for anybody else's."""
    mine = select(RefreshFamily.id).where(RefreshFamily.id == family_id, RefreshFamily.person_id == person_id)
    if session.scalar(mine) is None:
        raise NotFound("session_not_found", "There is no such session.")
    _end(session, actor, [family_id], reason="ended")


def end_app_sessions(
    session: Session, actor: Actor, person_id: PersonId, *, reason: EndReason = "ended"
) -> int:
    """Sign out all of the person's apps: their password has changed, say. Returns how many were signed in."""
    return _end(session, actor, _live(session, person_id), reason=reason)


def forget_old(session: Session) -> None:
    """Delete what nobody can use or misuse any more: families long idle, and tokens spent long ago."""
    before = clock.now() - APP_IDLE - _KEPT
    session.execute(delete(RefreshFamily).where(RefreshFamily.last_used_at < before))
    session.execute(
        delete(RefreshToken).where(RefreshToken.created_at < before, RefreshToken.spent_at.is_not(None))
    )


def _taken(session: Session, token: str) -> tuple[RefreshToken, RefreshFamily, Person]:
    """The token and its family as they are once nobody else has them, and whose they are."""
    found = None
    if is_refresh_token(token):
        found = session.execute(
            select(RefreshToken, RefreshFamily, Person)
            .join(RefreshFamily, RefreshFamily.id == RefreshToken.family_id)
            .join(Person, Person.id == RefreshFamily.person_id)
            .where(RefreshToken.token_hash == secret_hash(token))
            .with_for_update(of=[RefreshToken, RefreshFamily])
        ).one_or_none()
    if found is None:
        raise invalid_refresh_token()
    return found[0], found[1], found[2]


def _keep(session: Session, token: str, family: RefreshFamily) -> None:
    session.add(
        RefreshToken(
            token_hash=secret_hash(token),
            family_id=family.id,
            generation=family.generation,
            created_at=clock.now(),
            spent_at=None,
        )
    )
    session.flush()


def _check_kept(session: Session, token: str) -> None:
    """A successor that is not the one we kept was made with another AZORA_SECRET_KEY, changed a moment ago."""
    if session.get(RefreshToken, secret_hash(token)) is None:
        raise invalid_refresh_token()


def _live(session: Session, person_id: PersonId, *, beyond: int = 0) -> Sequence[UUID]:
    """The person's apps that have not ended, but for the ``beyond`` last used; nobody adds any until this ends."""
    db.lock(session, f"apps of {person_id}")
    return session.scalars(
        select(RefreshFamily.id)
        .where(RefreshFamily.person_id == person_id, RefreshFamily.ended_at.is_(None))
        .order_by(RefreshFamily.last_used_at.desc(), RefreshFamily.id.desc())
        .offset(beyond)
    ).all()


def _end(session: Session, actor: Actor, families: Sequence[UUID], *, reason: EndReason) -> int:
    ended = session.execute(
        update(RefreshFamily)
        .where(RefreshFamily.id.in_(families), RefreshFamily.ended_at.is_(None))
        .values(ended_at=clock.now(), end_reason=reason)
        .returning(RefreshFamily.id, RefreshFamily.person_id)
    ).all()
    for family_id, person_id in ended:
        audit.record(
            session,
            actor,
            act="app_session.ended",
            subject=Subject("app_session", str(family_id)),
            after={"person_id": person_id, "reason": reason},
        )
    return len(ended)


def _end_reused(session: Session, actor: Actor, family: RefreshFamily, person: Person) -> None:
    """End the family, and tell its person by mail; the page of their security shows it, too.

    The audit log names nobody: whoever came with the token may be its person or a thief.
    """
    _end(session, actor, [family.id], reason="reused")
    letter = AppSignedOut(at=moment_words(clock.now()))
    mail.enqueue(session, letter, to=person.email, key=f"app_signed_out:{family.id}:reused")
