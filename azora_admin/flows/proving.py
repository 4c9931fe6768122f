"""A fresh sign-in within a session: before something dangerous the person proves to be themselves once more."""

from __future__ import annotations

from contextlib import nullcontext

from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import FieldError, Invalid, Unauthenticated
from azora_admin.flows import trying
from azora_admin.flows.passkeys import Answer, named, take
from azora_admin.identity import actions
from azora_admin.identity.actions import factors, passkeys, tries
from azora_admin.identity.rules import Actor, SignedIn
from azora_admin.identity.rules.factors import WrongCode
from azora_admin.identity.rules.relying_party import RelyingParty
from azora_admin.identity.rules.tries import Attempt


def with_password(
    attempt: Attempt, actor: Actor, person: SignedIn, *, password: str, code: str, secret_key: str
) -> None:
    """Prove by password, and a code where the person has a factor.

    Raises Invalid (fields ``proof_password``, ``proof_code``), or TooManyTries.
    """
    _try_password(attempt, password)
    counting = trying.trying_code(person, address=actor.address) if person.has_factor else nullcontext()
    try:
        with counting as counted, db.transaction() as session:
            if counted:
                factors.use_code(session, actor, person, code, secret_key=secret_key)
                tries.forgive(session, counted)
            _prove(session, person)
    except WrongCode as wrong:
        raise Invalid([FieldError("proof_code", wrong.code, wrong.detail)]) from None


def with_passkey(party: RelyingParty | None, person: SignedIn, *, answer: Answer) -> None:
    """Prove by one of the person's passkeys, which is both. Raises PasskeyRefused."""
    challenge = take(answer, "prove", person_id=person.person_id)
    with db.transaction() as session:
        passkeys.use_passkey(
            session, named(party), answer.credential, challenge=challenge, person_id=person.person_id
        )
        _prove(session, person)


def _try_password(attempt: Attempt, password: str) -> None:
    try:
        trying.try_password(attempt, password)
    except Unauthenticated:
        raise Invalid(
            [FieldError("proof_password", "invalid_password", "The password is not right.")]
        ) from None


def _prove(session: Session, person: SignedIn) -> None:
    if person.session_id is None:
        raise Unauthenticated
    actions.prove_session(session, session_id=person.session_id)
