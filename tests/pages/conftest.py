"""Signed-in browsers, a market to look at, and a count of the statements that a page costs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from tests.pages import market

Browser = Callable[[str], FlaskClient]
Counted = Callable[[], AbstractContextManager[list[str]]]


def form_token(page: str) -> str:
    """The forgery token in a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page
    return found[1]


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A browser in which the person with this address is signed in."""

    def sign_in(email: str) -> FlaskClient:
        client = app.test_client()
        token = form_token(client.get("/sign-in").text)
        answer = client.post(
            "/sign-in", data={"csrf_token": token, "email": email, "password": market.PASSWORD}
        )
        assert answer.status_code == 303, answer.text
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
