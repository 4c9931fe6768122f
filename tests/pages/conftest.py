"""Signed-in browsers, a market to look at, and a count of the statements that a page costs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select

from azora_admin.core import db
from azora_admin.identity.actions import audit
from azora_admin.identity.actions.sessions import start_session
from azora_admin.identity.queries import as_signed_in
from azora_admin.identity.rules import Actor, Subject
from azora_admin.identity.tables import Person

Browser = Callable[[str], FlaskClient]
Counted = Callable[[], AbstractContextManager[list[str]]]


def form_token(page: str) -> str:
    """The forgery token in a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page
    return found[1]


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A browser in which the person with this address has just signed in.

    As the door leaves it, and without its 100 ms for the password: tests/pages/test_sign_in.py is about the door.
    """

    def sign_in(email: str) -> FlaskClient:
        client = app.test_client()
        agent = str(client.environ_base.get("HTTP_USER_AGENT", ""))
        with db.transaction() as session:
            person = as_signed_in(session.scalars(select(Person).where(Person.email == email)).one())
            opened, token = start_session(session, person, user_agent=agent, address="127.0.0.1")
            audit.record(
                session,
                Actor(opened.person_id, opened.name, "page", "req_sign_in", "127.0.0.1"),
                act="person.signed_in",
                subject=Subject("person", str(opened.person_id), opened.email),
                after={"session_id": opened.session_id},
            )
        with client.session_transaction() as cookie:
            cookie.update(_user_id=token, _fresh=True, noted=int(time.time()))
        return client

    return sign_in


@pytest.fixture
def statements() -> Counted:
    """The SQL statements sent within a block."""

    @contextmanager
    def counting() -> Iterator[list[str]]:
        sent: list[str] = []

        def note(*arguments: object) -> None:
            sent.append(str(arguments[2]))

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield sent
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return counting
