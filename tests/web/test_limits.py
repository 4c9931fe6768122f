"""Guessing passwords is slow; coming often is not."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "a long enough password"


def ask_for_token(client: FlaskClient, email: str, password: str) -> TestResponse:
    return client.post("/api/v1/auth/token", json={"email": email, "password": password})


def test_after_ten_failures_an_address_is_told_to_wait_and_for_how_long(client: FlaskClient) -> None:
    for _ in range(10):
        assert ask_for_token(client, "nobody@example.com", "wrong password").status_code == 401
    refused = ask_for_token(client, "nobody@example.com", "wrong password")
    assert refused.status_code == 429
    assert refused.get_json()["code"] == "rate_limited"
    assert 0 < int(refused.headers["Retry-After"]) <= 60


def test_the_page_and_the_api_count_together(client: FlaskClient) -> None:
    for _ in range(10):
        ask_for_token(client, "nobody@example.com", "wrong password")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
    assert token is not None
    refused = client.post("/sign-in", data={"csrf_token": token[1], "email": "nobody@example.com"})
    assert refused.status_code == 429
    assert "Too many requests" in refused.text


def test_whoever_signs_in_rightly_may_come_as_often_as_they_like(client: FlaskClient) -> None:
    client.post("/api/v1/users", json={"email": "lena@example.com", "name": "Lena", "password": PASSWORD})
    assert {ask_for_token(client, "lena@example.com", PASSWORD).status_code for _ in range(12)} == {200}
