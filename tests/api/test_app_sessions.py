"""An app signs in, refreshes and signs out over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from azora_admin.core.clock import FixedClock
from tests.api.callers import fields, ok, problem

LENA = {"email": "lena@example.com", "name": "Lena Süß", "password": "a battery in a stable"}
CREDENTIALS = {"email": LENA["email"], "password": LENA["password"]}


@pytest.fixture(autouse=True)
def account(client: FlaskClient) -> None:
    ok(client.post("/api/v1/users", json=LENA), 201)


def sign_in(client: FlaskClient) -> dict[str, Any]:
    answer = client.post("/api/v1/auth/token", json=CREDENTIALS)
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(ok(answer))


def refresh(client: FlaskClient, token: str) -> dict[str, Any]:
    answer = client.post("/api/v1/auth/refresh", json={"refresh_token": token})
    assert answer.headers["Cache-Control"] == "no-store"
    return dict(ok(answer))


def refusal(client: FlaskClient, token: str, code: str) -> None:
    problem(client.post("/api/v1/auth/refresh", json={"refresh_token": token}), 401, code)


def me(client: FlaskClient, tokens: dict[str, Any]) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return dict(ok(client.get("/api/v1/me", headers=headers)))


def test_an_app_stays_signed_in_by_refreshing(client: FlaskClient, test_clock: FixedClock) -> None:
    tokens = sign_in(client)
    assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
    for _ in range(3):
        test_clock.advance(timedelta(minutes=20))
        stale = {"Authorization": f"Bearer {tokens['access_token']}"}
        problem(client.get("/api/v1/me", headers=stale), 401, "token_expired")
        tokens = refresh(client, tokens["refresh_token"])
        assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
        assert me(client, tokens)["email"] == LENA["email"]


def test_the_same_refresh_token_leads_to_the_same_successor_for_a_while(client: FlaskClient) -> None:
    first = sign_in(client)
    one, other = (refresh(client, first["refresh_token"]) for _ in range(2))
    assert one["refresh_token"] == other["refresh_token"]
    assert one["access_token"] != other["access_token"]


def test_a_refresh_token_that_comes_back_later_signs_the_app_out(
    client: FlaskClient, test_clock: FixedClock
) -> None:
    first, elsewhere = sign_in(client), sign_in(client)
    second = refresh(client, first["refresh_token"])
    test_clock.advance(timedelta(seconds=31))
    refusal(client, first["refresh_token"], "refresh_token_reused")
    refusal(client, second["refresh_token"], "session_ended")
    refresh(client, elsewhere["refresh_token"])


def test_an_app_signs_out_and_its_access_token_lives_on_for_its_quarter_of_an_hour(
    client: FlaskClient, test_clock: FixedClock
) -> None:
    tokens = sign_in(client)
    for _ in range(2):
        answer = client.post("/api/v1/auth/revoke", json={"refresh_token": tokens["refresh_token"]})
        assert (answer.status_code, answer.data) == (204, b"")
    refusal(client, tokens["refresh_token"], "session_ended")
    me(client, tokens)
    test_clock.advance(timedelta(minutes=15, seconds=30))
    stale = {"Authorization": f"Bearer {tokens['access_token']}"}
    problem(client.get("/api/v1/me", headers=stale), 401, "token_expired")


@pytest.mark.parametrize("token", ["", "x", "azr_x", "azr_" + "0" * 49, "é" * 40, "x" * 256])
def test_a_refresh_token_that_is_none_of_ours_is_refused_and_revoked_all_the_same(
    client: FlaskClient, token: str
) -> None:
    refusal(client, token, "invalid_refresh_token")
    assert client.post("/api/v1/auth/revoke", json={"refresh_token": token}).status_code == 204


@pytest.mark.parametrize("path", ["refresh", "revoke"])
@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, ["refresh_token"]),
        ({"refresh_token": None}, ["refresh_token"]),
        ({"refresh_token": "x" * 257}, ["refresh_token"]),
        ({"refresh_token": "x", "family": "y"}, ["family"]),
    ],
)
def test_a_body_that_can_not_be_names_its_fields(
    client: FlaskClient, path: str, body: dict[str, Any], named: list[str]
) -> None:
    answer = client.post(f"/api/v1/auth/{path}", json=body)
    assert fields(problem(answer, 422, "invalid")) == named


def test_neither_a_refresh_token_nor_an_access_token_does_for_the_other(client: FlaskClient) -> None:
    tokens = sign_in(client)
    headers = {"Authorization": f"Bearer {tokens['refresh_token']}"}
    problem(client.get("/api/v1/me", headers=headers), 401, "invalid_token")
    answer = client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["access_token"]})
    assert answer.status_code in (401, 422)
