"""Signing in: a password and then the second factor, for whoever has one; or a passkey, which is both.

A try is counted, and a passkey's question is over, before what was given is looked at: in a commit of its own, so that
a refusal does not undo it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.flows import trying
from azora_admin.flows.passkeys import Answer, named, take
from azora_admin.identity import actions
from azora_admin.identity.actions import audit, factors, half_sign_ins, passkeys, tries
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.identity.rules.relying_party import RelyingParty
from azora_admin.identity.rules.tries import Attempt


@dataclass(frozen=True, slots=True)
class Opened:
    """A session, and the token that its browser keeps."""

    person: SignedIn
    token: str


@dataclass(frozen=True, slots=True)
class Half:
    """The password was right; the second factor is owed. ``token`` opens nothing but the next step."""

    token: str


def with_password(attempt: Attempt, actor: Actor, *, password: str, user_agent: str) -> Opened | Half:
    """Open a session, or half a one when the person has a second factor.

    Raises Unauthenticated ``invalid_credentials``, or TooManyTries.
    """
    person = trying.try_password(attempt, password)
    with db.transaction() as session:
        if factors.owes_factor(session, person.person_id):
            return Half(half_sign_ins.begin_half_sign_in(session, person.person_id))
        return _open(session, actor, person, user_agent=user_agent)


def with_code(actor: Actor, half_token: str, *, code: str, secret_key: str, user_agent: str) -> Opened:
    """Make half a sign-in whole.

    Raises WrongCode, HalfSignInOver after too many tries or too long a time, or TooManyTries of the account.
    """
    person = _try(half_token)
    with trying.trying_code(person, address=actor.address) as attempt, db.transaction() as session:
        factors.use_code(session, actor.known_as(person), person, code, secret_key=secret_key)
        tries.forgive(session, attempt)
        half_sign_ins.end_half_sign_in(session, half_token)
        return _open(session, actor, person, user_agent=user_agent)


def with_second_passkey(
    party: RelyingParty | None, actor: Actor, half_token: str, *, answer: Answer, user_agent: str
) -> Opened:
    """Make half a sign-in whole. Raises PasskeyRefused, or HalfSignInOver."""
    person = _try(half_token)
    challenge = take(answer, "second", person_id=person.person_id)
    with db.transaction() as session:
        passkeys.use_passkey(
            session, named(party), answer.credential, challenge=challenge, person_id=person.person_id
        )
        half_sign_ins.end_half_sign_in(session, half_token)
        return _open(session, actor, person, user_agent=user_agent)


def with_passkey(party: RelyingParty | None, actor: Actor, *, answer: Answer, user_agent: str) -> Opened:
    """Open a session for whoever's passkey answered. Raises PasskeyRefused."""
    challenge = take(answer, "sign_in", person_id=None)
    with db.transaction() as session:
        person_id = passkeys.use_passkey(
            session, named(party), answer.credential, challenge=challenge, person_id=None
        )
        person = replace(get_person(session, person_id), has_factor=True)
        return _open(session, actor, person, user_agent=user_agent)


def _try(half_token: str) -> SignedIn:
    with db.transaction() as session:
        person_id = half_sign_ins.count_attempt(session, half_token)
        return replace(get_person(session, person_id), has_factor=True)


def _open(session: Session, actor: Actor, person: SignedIn, *, user_agent: str) -> Opened:
    opened, token = actions.start_session(session, person, user_agent=user_agent, address=actor.address)
    audit.record(
        session,
        actor.known_as(person),
        act="person.signed_in",
        subject=Subject("person", str(person.person_id), person.email),
        after={"session_id": opened.session_id},
    )
    return Opened(opened, token)
