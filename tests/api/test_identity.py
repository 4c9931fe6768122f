"""Signing up, getting a token, and who I am."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core.clock import FixedClock
from tests.api.callers import bearer, fields, ok, problem
from tests.selling import Shop

LENA = {"email": "lena@example.com", "name": "Lena Süß", "password": "correct horse battery"}


def test_a_learner_signs_up_gets_a_token_and_is_known_by_it(client: FlaskClient) -> None:
    created = ok(client.post("/api/v1/users", json={**LENA, "email": "Lena@Example.com"}), 201)
    assert created == {
        "id": created["id"],
        "email": "lena@example.com",
        "name": "Lena Süß",
        "roles": ["learner"],
    }
    answer = client.post(
        "/api/v1/auth/token", json={"email": "LENA@example.com", "password": LENA["password"]}
    )
    token = ok(answer)
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 900)
    assert answer.headers["Cache-Control"] == "no-store"
    headers = {"Authorization": f"bearer {token['access_token']}"}
    assert ok(client.get("/api/v1/me", headers=headers)) == created


def test_an_address_has_one_account(client: FlaskClient) -> None:
    ok(client.post("/api/v1/users", json=LENA), 201)
    again = problem(client.post("/api/v1/users", json={**LENA, "email": " LENA@example.com"}), 422, "invalid")
    assert again["errors"][0]["field"] == "email"
    assert again["errors"][0]["code"] == "email_taken"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"email": "x"}, ["email"]),
        ({"email": "le\0na@example.com"}, ["email"]),
        ({"name": " "}, ["name"]),
        ({"name": "Le\0na"}, ["name"]),
        ({"password": "short"}, ["password"]),
        ({"email": "x", "name": "", "password": ""}, ["email", "name", "password"]),
        ({"email": "x" * 321}, ["email"]),
        ({"password": "x" * 1025}, ["password"]),
        ({"email": 5}, ["email"]),
        ({"name": None}, ["name"]),
        ({"password": ["correct horse battery"]}, ["password"]),
        ({"roles": ["admin"]}, ["roles"]),
        ({"is_admin": True}, ["is_admin"]),
    ],
)
def test_a_sign_up_that_can_not_be_names_its_fields(
    client: FlaskClient, changes: dict[str, Any], named: list[str]
) -> None:
    assert fields(problem(client.post("/api/v1/users", json={**LENA, **changes}), 422, "invalid")) == named


@pytest.mark.parametrize("missing", ["email", "name", "password"])
def test_a_field_that_is_missing_is_named(client: FlaskClient, missing: str) -> None:
    body = {name: value for name, value in LENA.items() if name != missing}
    assert fields(problem(client.post("/api/v1/users", json=body), 422, "invalid")) == [missing]


@pytest.mark.parametrize(
    ("email", "password"), [("lena@example.com", "wrong"), ("nobody@example.com", "x"), ("", "")]
)
def test_wrong_credentials_are_401_whatever_is_wrong(client: FlaskClient, email: str, password: str) -> None:
    ok(client.post("/api/v1/users", json=LENA), 201)
    answer = client.post("/api/v1/auth/token", json={"email": email, "password": password})
    problem(answer, 401, "invalid_credentials")


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic bGVuYTp4",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer \xff.\xff.\xff",
        "x" * 9000,
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/me"),
        ("GET", "/api/v1/me/access"),
        ("GET", "/api/v1/payments"),
        ("GET", "/api/v1/payments/x"),
        ("GET", "/api/v1/instructor/earnings"),
        ("POST", "/api/v1/courses/x/purchase"),
    ],
)
def test_whoever_shows_no_token_of_ours_is_nobody(
    client: FlaskClient, method: str, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = client.open(path, method=method, headers=headers)
    assert answer.get_json(force=True)["code"] in ("unauthenticated", "invalid_token")
    problem(answer, 401, answer.get_json(force=True)["code"])


def test_a_token_expires(app: Flask, client: FlaskClient, shop: Shop, test_clock: FixedClock) -> None:
    headers = bearer(app, shop.person())
    ok(client.get("/api/v1/me", headers=headers))
    test_clock.advance(timedelta(minutes=16))
    problem(client.get("/api/v1/me", headers=headers), 401, "token_expired")


def test_only_an_instructor_sees_an_instructors_earnings(app: Flask, client: FlaskClient, shop: Shop) -> None:
    for role in ("learner", "admin", "finance"):
        answer = client.get("/api/v1/instructor/earnings", headers=bearer(app, shop.person(role)))
        problem(answer, 403, "insufficient_permissions")
    assert ok(client.get("/api/v1/instructor/earnings", headers=bearer(app, shop.person("instructor")))) == {
        "items": []
    }
