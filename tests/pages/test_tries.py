"""At the door: whoever guesses has to wait, and a browser that has been in before does not."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.core import db
from azora_admin.identity.actions import tries
from azora_admin.identity.rules.tries import ACCOUNT, PAIR, Attempt
from tests.pages import market
from tests.pages.conftest import form_token

LENA = "lena@market.test"


@pytest.fixture(autouse=True)
def lena(database: db.Database) -> None:
    market.add_person(LENA, "Lena", "learner")


def enter(client: FlaskClient, address: str, password: str = market.PASSWORD) -> TestResponse:
    place = {"REMOTE_ADDR": address}
    token = form_token(client.get("/sign-in", environ_overrides=place).text)
    data = {"csrf_token": token, "email": LENA, "password": password}
    return client.post("/sign-in", data=data, environ_overrides=place)


def leave(client: FlaskClient) -> None:
    token = form_token(client.get("/account/").text)
    assert client.post("/sign-out", data={"csrf_token": token}).status_code == 303


def hammer(email: str) -> None:
    """As a botnet does."""
    for number in range(ACCOUNT.free):
        with db.transaction() as session:
            tries.count_try(session, Attempt(email, f"198.51.100.{number}"))


def test_a_browser_that_was_in_before_comes_in_though_the_account_is_hammered(app: Flask) -> None:
    known, stranger = app.test_client(), app.test_client()
    assert enter(known, "192.0.2.1").status_code == 303
    leave(known)
    hammer(LENA)
    refused = enter(stranger, "192.0.2.2")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert "Too many tries. Wait" in refused.text
    assert enter(known, "192.0.2.3").status_code == 303


def test_the_cookie_is_of_this_account_and_lets_nobody_in(app: Flask) -> None:
    market.add_person("other@market.test", "Other", "learner")
    client = app.test_client()
    assert enter(client, "192.0.2.1").status_code == 303
    leave(client)
    assert enter(client, "192.0.2.3", "wrong password").status_code == 422
    hammer("other@market.test")
    token = form_token(client.get("/sign-in").text)
    data = {"csrf_token": token, "email": "other@market.test", "password": market.PASSWORD}
    assert client.post("/sign-in", data=data).status_code == 429


@pytest.mark.parametrize("forged", ["", "x", "eyJhIjoiYiJ9.aSU8qQ.x", "\xff", "x" * 4000])
def test_a_forged_cookie_makes_nobody_known(app: Flask, forged: str) -> None:
    client = app.test_client()
    client.set_cookie("azora_device_8000", forged)
    hammer(LENA)
    assert enter(client, "192.0.2.2").status_code == 429


def test_the_cookie_is_for_the_server_alone(app: Flask) -> None:
    answer = enter(app.test_client(), "192.0.2.1")
    (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("azora_device_8000=")]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert LENA not in cookie


def test_a_token_is_refused_with_the_time_to_wait(client: FlaskClient) -> None:
    for _ in range(PAIR.free):
        with db.transaction() as session:
            tries.count_try(session, Attempt(LENA, "127.0.0.1"))
    answer = client.post("/api/v1/auth/token", json={"email": LENA, "password": market.PASSWORD})
    assert answer.status_code == 429
    assert answer.get_json(force=True)["code"] == "rate_limited"
    assert 0 < int(answer.headers["Retry-After"]) <= 60
