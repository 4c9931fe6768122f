"""An app signs in, stays signed in, and signs out."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

from azora_admin.core import db
from azora_admin.flows.trying import try_password, trying_code
from azora_admin.identity.actions import app_sessions, audit, factors, tries
from azora_admin.identity.actions.app_sessions import Refreshed, Reused
from azora_admin.identity.rules import Actor, Subject
from azora_admin.identity.rules.refresh_tokens import reused_refresh_token
from azora_admin.identity.rules.tries import Attempt


@dataclass(frozen=True, slots=True)
class Policy:
    """What this installation asks of second factors, and the key that their secrets are sealed with."""

    secret_key: str
    is_factor_required: bool


def sign_in(
    actor: Actor, attempt: Attempt, policy: Policy, *, password: str, code: str | None, user_agent: str
) -> Refreshed:
    """Sign an app in by a password and, for whoever has a second factor, a code.

    Raises TooManyTries, Unauthenticated ``invalid_credentials``, SecondFactorRequired, WrongCode, or
    SecondFactorMissing for somebody who must have a factor.
    """
    person = try_password(attempt, password)
    counting = trying_code(person, address=actor.address) if code else nullcontext()
    with counting as counted, db.transaction() as session:
        by = actor.known_as(person)
        factors.check(
            session, by, person, code, secret_key=policy.secret_key, required=policy.is_factor_required
        )
        if counted:
            tries.forgive(session, counted)
        token = app_sessions.start_app_session(session, person, user_agent=user_agent, address=actor.address)
        subject = Subject("person", str(person.person_id), person.email)
        audit.record(session, by, act="person.signed_in", subject=subject)
    return Refreshed(person, token)


def refresh(actor: Actor, token: str, *, secret_key: str, user_agent: str) -> Refreshed:
    """Keep an app signed in. Raises Unauthenticated; ``refresh_token_reused`` has signed the app out."""
    with db.transaction() as session:
        outcome = app_sessions.refresh(session, actor, token, secret_key=secret_key, user_agent=user_agent)
    if isinstance(outcome, Reused):
        raise reused_refresh_token()
    return outcome


def sign_out(actor: Actor, token: str) -> None:
    """Sign an app out; a token that is none, or no more, is as good as one that is."""
    with db.transaction() as session:
        app_sessions.revoke(session, actor, token)
