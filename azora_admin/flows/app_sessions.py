"""An app signs in, stays signed in, and signs out."""

from __future__ import annotations

from azora_admin.core import db
from azora_admin.flows.trying import try_password
from azora_admin.identity.actions import app_sessions, audit
from azora_admin.identity.actions.app_sessions import Refreshed, Reused
from azora_admin.identity.rules import Actor, Subject
from azora_admin.identity.rules.refresh_tokens import reused_refresh_token
from azora_admin.identity.rules.tries import Attempt


def sign_in(actor: Actor, attempt: Attempt, *, password: str, user_agent: str) -> Refreshed:
    """Sign an app in. Raises TooManyTries, Unauthenticated ``invalid_credentials``."""
    person = try_password(attempt, password)
    with db.transaction() as session:
        token = app_sessions.start_app_session(session, person, user_agent=user_agent, address=actor.address)
        subject = Subject("person", str(person.person_id), person.email)
        audit.record(session, actor.known_as(person), act="person.signed_in", subject=subject)
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
