"""Who is signed in: Flask-Login keeps a session token in the signed cookie, identity knows whose it is.

The token can be ended on our side at any time; the cookie alone lets nobody in.
"""

from __future__ import annotations

import time
from typing import Final

from flask import Flask, Request, Response, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy.orm import Session
from werkzeug.local import LocalProxy

from azora_admin.core import db
from azora_admin.core.errors import Unauthenticated
from azora_admin.flows import recognizing, signing_in
from azora_admin.flows.signing_in import Half, Opened
from azora_admin.identity import actions
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import SignedIn, Subject
from azora_admin.web import callers, devices, factors
from azora_admin.web.errors import MACHINE_PREFIXES

_NOTED_EVERY: Final = 300
# A file is the same for everybody: an answer that had looked at the cookie would say that it differs by it.
_WITHOUT_COOKIE: Final = (*MACHINE_PREFIXES, "/static/")


class BrowserSessions(SecureCookieSessionInterface):
    """The cookie's session for pages; whoever calls the API or a webhook has none, so nothing there can lean on it."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if request.path.startswith(_WITHOUT_COOKIE):
            return self.make_null_session(app)
        return super().open_session(app, request)


class Visitor(UserMixin):  # type: ignore[misc]  # flask_login has no types
    """The signed-in person in the shape that Flask-Login asks for; its id is the session's token."""

    def __init__(self, person: SignedIn, token: str) -> None:
        self.person = person
        self._token = token

    def get_id(self) -> str:
        return self._token


class Logins(LoginManager):  # type: ignore[misc]  # flask_login has no types
    """Flask-Login without the cookie that outlives sessions, so that no answer need look for it."""

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


def install(app: Flask) -> None:
    """Load the visitor from the cookie; templates know them as ``me``.

    ``me`` is looked up when a template first asks: the page that says that the database is out of reach
    must not ask the database.
    """
    app.session_interface = BrowserSessions()
    manager = Logins()
    manager.init_app(app)
    manager.user_loader(_find_visitor)
    app.jinja_env.globals["me"] = LocalProxy(find_person)


def find_person() -> SignedIn | None:
    """Who is signed in, or None."""
    return current_user.person if isinstance(current_user._get_current_object(), Visitor) else None  # noqa: SLF001


def signed_in() -> SignedIn:
    """Who is signed in. Raises Unauthenticated; behind a guard there is always somebody."""
    person = find_person()
    if person is None:
        raise Unauthenticated
    return person


def open_with_password(email: str, password: str) -> SignedIn | None:
    """Sign in and give the browser its cookie; None when a second factor is owed, which is asked for next.

    Raises Unauthenticated ``invalid_credentials`` or TooManyTries.
    """
    end_session()  # whoever was signed in here is not any more
    entered = signing_in.with_password(
        devices.attempt(email), callers.actor(), password=password, user_agent=request.user_agent.string
    )
    if isinstance(entered, Half):
        factors.keep_half(entered.token)
        return None
    return _keep(entered)


def open_with_code(code: str) -> SignedIn:
    """Make half a sign-in whole. Raises WrongCode, HalfSignInOver or TooManyTries."""
    return _keep(
        signing_in.with_code(
            callers.actor(),
            factors.half_token(),
            code=code,
            secret_key=factors.secret_key(),
            user_agent=request.user_agent.string,
        )
    )


def open_with_second_passkey(credential: str) -> SignedIn:
    """Make half a sign-in whole. Raises PasskeyRefused or HalfSignInOver."""
    return _keep(
        signing_in.with_second_passkey(
            factors.party(),
            callers.actor(),
            factors.half_token(),
            answer=factors.answered("second", credential),
            user_agent=request.user_agent.string,
        )
    )


def open_with_passkey(credential: str) -> SignedIn:
    """Sign in by a passkey alone. Raises PasskeyRefused."""
    answer = factors.answered("sign_in", credential)
    end_session()
    return _keep(
        signing_in.with_passkey(
            factors.party(), callers.actor(), answer=answer, user_agent=request.user_agent.string
        )
    )


def end_session() -> None:
    """Sign out, here and on our side."""
    person = find_person()
    if person is not None and person.session_id is not None:
        with db.transaction() as transaction:
            actions.sign_out(transaction, session_id=person.session_id)
            _record_end(transaction, person)
    logout_user()
    session.clear()


def _record_end(transaction: Session, person: SignedIn) -> None:
    """Note in the audit log that ``person`` went, and which session ended by that."""
    audit.record(
        transaction,
        callers.actor().known_as(person),
        act="person.signed_out",
        subject=Subject("person", str(person.person_id), person.email),
        after={"session_id": person.session_id},
    )


def _keep(opened: Opened) -> SignedIn:
    """Give the browser the session's token, in a cookie that knows nothing of before."""
    devices.remember(opened.person.email)
    session.clear()
    session["noted"] = int(time.time())
    login_user(Visitor(opened.person, opened.token))
    return opened.person


def note_use() -> None:
    """Every few minutes, note that the session is in use, so that it isn't taken for idle."""
    person = find_person()
    now = int(time.time())
    if person is None or person.session_id is None or now - session.get("noted", 0) < _NOTED_EVERY:
        return
    with db.transaction() as transaction:
        actions.touch_session(transaction, session_id=person.session_id)
    session["noted"] = now


def _find_visitor(token: str) -> Visitor | None:
    # Flask-Login may ask more than once in a request (guard, page, template).
    known = g.get("visitor")
    if isinstance(known, Visitor) and known.get_id() == token:
        return known
    person = recognizing.find_session(token, secret_key=factors.secret_key())
    visitor = Visitor(person, token) if person else None
    g.visitor = visitor
    return visitor
