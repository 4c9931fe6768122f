"""A session is of its sign-in: no cookie from before or after it opens anything."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from azora_admin.core import db
from azora_admin.identity.tables import PersonSession
from tests.pages import market
from tests.pages.conftest import form_token

LENA = "lena@market.test"
COOKIE = "azora_8000"


@pytest.fixture(autouse=True)
def people(database: db.Database) -> None:
    market.add_person(LENA, "Lena", "learner")
    market.add_person("eve@market.test", "Eve", "learner")


def enter(client: FlaskClient, email: str) -> None:
    token = form_token(client.get("/sign-in").text)
    data = {"csrf_token": token, "email": email, "password": market.PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 303


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE)
    assert found is not None
    return str(found.value)


def is_in(app: Flask, value: str) -> bool:
    client = app.test_client()
    client.set_cookie(COOKIE, value)
    return client.get("/account/").status_code == 200


def test_a_cookie_that_was_planted_before_the_sign_in_opens_nothing_after_it(app: Flask) -> None:
    eve, lena = app.test_client(), app.test_client()
    enter(eve, "eve@market.test")
    planted = cookie(eve)
    lena.set_cookie(COOKIE, planted)
    lena.get("/account/")
    token = form_token(lena.get("/account/").text)
    lena.post("/sign-out", data={"csrf_token": token})
    enter(lena, LENA)
    assert cookie(lena) != planted
    assert is_in(app, cookie(lena))
    assert not is_in(app, planted)


def test_every_sign_in_has_a_token_of_its_own(app: Flask) -> None:
    for _ in range(3):
        enter(app.test_client(), LENA)
    with db.reading() as session:
        hashes = session.scalars(select(PersonSession.token_hash)).all()
    assert len(set(hashes)) == 3


def test_the_cookie_of_a_session_that_is_over_opens_nothing(app: Flask) -> None:
    client = app.test_client()
    enter(client, LENA)
    kept = cookie(client)
    assert is_in(app, kept)
    token = form_token(client.get("/account/").text)
    client.post("/sign-out", data={"csrf_token": token})
    assert not is_in(app, kept)
