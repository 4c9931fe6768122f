"""What apps do by mailed links, and what they may change about an account."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.identity.queries import find_person_by_email
from azora_admin.identity.rules import SignedIn
from tests.api.callers import bearer, fields, ok, problem
from tests.mailing import link_in, work

LENA = {"email": "lena@example.com", "name": "Lena Süß", "password": "correct horse battery"}
NEW = "an old lighthouse 7"
NOBODYS = "x" * 43


@pytest.fixture
def lena(client: FlaskClient, settings: Settings) -> SignedIn:
    """Somebody with an account, whose first mail has arrived."""
    ok(client.post("/api/v1/users", json=LENA), 201)
    work(settings)
    return person(LENA["email"])


def person(email: str) -> SignedIn:
    with db.reading() as session:
        found = find_person_by_email(session, email)
    assert found is not None
    return found


def token_in(settings: Settings) -> str:
    return link_in(work(settings)[0]).rpartition("/")[2]


def sign_in(client: FlaskClient, password: str, email: str = LENA["email"]) -> int:
    return client.post("/api/v1/auth/token", json={"email": email, "password": password}).status_code


def test_a_forgotten_password_is_chosen_anew_by_the_mailed_token_once(
    client: FlaskClient, settings: Settings, lena: SignedIn
) -> None:
    for email in ("nobody@example.com", LENA["email"]):
        answer = client.post("/api/v1/auth/password/forgot", json={"email": email})
        assert (answer.status_code, answer.data) == (204, b"")
    body = {"token": token_in(settings), "password": NEW}
    refresh = client.post(
        "/api/v1/auth/token", json={"email": LENA["email"], "password": LENA["password"]}
    ).get_json()["refresh_token"]
    assert client.post("/api/v1/auth/password/reset", json=body).status_code == 204
    assert client.post("/api/v1/auth/refresh", json={"refresh_token": refresh}).status_code == 401
    assert (sign_in(client, LENA["password"]), sign_in(client, NEW)) == (401, 200)
    problem(client.post("/api/v1/auth/password/reset", json=body), 410, "link_over")


def test_an_address_is_confirmed_by_the_mailed_token(
    app: Flask, client: FlaskClient, settings: Settings, lena: SignedIn
) -> None:
    assert client.post("/api/v1/me/email/confirmation", headers=bearer(app, lena)).status_code == 204
    token = token_in(settings)
    problem(
        client.post("/api/v1/auth/password/reset", json={"token": token, "password": NEW}), 410, "link_over"
    )
    assert client.post("/api/v1/auth/email/confirm", json={"token": token}).status_code == 204
    problem(client.post("/api/v1/auth/email/confirm", json={"token": token}), 410, "link_over")


def test_an_account_gets_another_address_when_it_is_confirmed(
    app: Flask, client: FlaskClient, settings: Settings, lena: SignedIn
) -> None:
    body = {"email": "lena@elsewhere.example", "current_password": LENA["password"]}
    assert client.post("/api/v1/me/email", json=body, headers=bearer(app, lena)).status_code == 204
    assert person(LENA["email"]) == lena
    assert client.post("/api/v1/auth/email/confirm", json={"token": token_in(settings)}).status_code == 204
    assert person("lena@elsewhere.example").person_id == lena.person_id


def test_another_password_wants_the_current_one(app: Flask, client: FlaskClient, lena: SignedIn) -> None:
    body = {"current_password": "wrong", "new_password": NEW}
    refused = client.post("/api/v1/me/password", json=body, headers=bearer(app, lena))
    assert fields(problem(refused, 422, "invalid")) == ["current_password"]
    body = {"current_password": LENA["password"], "new_password": NEW}
    assert client.post("/api/v1/me/password", json=body, headers=bearer(app, lena)).status_code == 204
    assert sign_in(client, NEW) == 200


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/auth/password/forgot", {"email": "lena"}, ["email"]),
        ("/auth/password/forgot", {}, ["email"]),
        ("/auth/password/reset", {"token": NOBODYS}, ["password"]),
        ("/auth/password/reset", {"token": "x" * 200, "password": NEW}, ["token"]),
        ("/auth/email/confirm", {"token": NOBODYS, "email": "x@example.com"}, ["email"]),
    ],
)
def test_what_can_not_be_is_named(
    client: FlaskClient, path: str, body: dict[str, Any], named: list[str]
) -> None:
    assert fields(problem(client.post(f"/api/v1{path}", json=body), 422, "invalid")) == named


def test_a_weak_password_is_refused_and_the_token_stays_good(
    client: FlaskClient, settings: Settings, lena: SignedIn
) -> None:
    client.post("/api/v1/auth/password/forgot", json={"email": LENA["email"]})
    token = token_in(settings)
    refused = client.post("/api/v1/auth/password/reset", json={"token": token, "password": "qwertyuiop"})
    assert problem(refused, 422, "invalid")["errors"][0]["code"] == "common_password"
    good = client.post("/api/v1/auth/password/reset", json={"token": token, "password": NEW})
    assert good.status_code == 204


@pytest.mark.parametrize("path", ["/me/email", "/me/email/confirmation", "/me/password"])
def test_whoever_shows_no_token_changes_nothing(client: FlaskClient, path: str) -> None:
    problem(client.post(f"/api/v1{path}", json={}), 401, "unauthenticated")
