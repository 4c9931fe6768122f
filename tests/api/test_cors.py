"""CORS: scripts of the origins that the settings name may call the API; nobody else's, and no page of ours."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.config import Settings
from tests.api.callers import bearer, ok, problem
from tests.pages import market

SHOP, PHONE = "https://shop.example", "capacitor://localhost"
STRANGERS = [
    "https://evil.example",
    "http://shop.example",
    "https://shop.example:8443",
    "https://shop.example.evil.example",
    "https://Shop.example",
    "https://shop.example/",
    "null",
    "",
    "\xff",
]
WANTED = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,idempotency-key",
}
# Path → what may be done there.
PATHS = {
    "/api/v1/courses": {"GET", "HEAD", "OPTIONS"},
    "/api/v1/courses/x/purchase": {"POST", "OPTIONS"},
    "/api/v1/auth/token": {"POST", "OPTIONS"},
    "/api/v1/payments/x": {"GET", "HEAD", "OPTIONS"},
    "/api/v1/me": {"GET", "HEAD", "OPTIONS"},
}


@pytest.fixture
def app(settings: Settings, database: db.Database) -> Flask:
    """The application that lets two origins in."""
    return create_app(settings.model_copy(update={"cors_origins": (SHOP, PHONE)}))


def preflight(client: FlaskClient, path: str, origin: str = SHOP) -> TestResponse:
    return client.options(path, headers={"Origin": origin, **WANTED})


def words(answer: TestResponse, name: str) -> set[str]:
    return {word.strip() for word in answer.headers[name].split(",")}


def granted(answer: TestResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers if name.startswith("Access-Control-")}


@pytest.mark.parametrize("origin", [SHOP, PHONE])
@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_is_told_what_it_may_send_without_a_token(
    client: FlaskClient, path: str, origin: str
) -> None:
    answer = preflight(client, path, origin)
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert words(answer, "Access-Control-Allow-Methods") == words(answer, "Allow") == PATHS[path]
    assert words(answer, "Access-Control-Allow-Headers") == {
        "Authorization",
        "Content-Type",
        "Idempotency-Key",
        "If-None-Match",
        "X-Request-Id",
    }
    assert answer.headers["Access-Control-Max-Age"] == "7200"
    assert "Origin" in answer.vary


@pytest.mark.parametrize("origin", STRANGERS)
def test_a_stranger_is_granted_nothing(client: FlaskClient, origin: str) -> None:
    for answer in (
        preflight(client, "/api/v1/courses", origin),
        client.get("/api/v1/courses", headers={"Origin": origin}),
    ):
        assert granted(answer) == {}
        assert "Origin" in answer.vary


def test_an_answer_may_be_read_with_the_headers_that_matter(client: FlaskClient) -> None:
    answer = client.get("/api/v1/courses", headers={"Origin": SHOP})
    ok(answer)
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert words(answer, "Access-Control-Expose-Headers") == {
        "ETag",
        "Idempotent-Replayed",
        "Location",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "X-Request-Id",
    }
    assert set(answer.vary) == {"Accept-Encoding", "Origin"}


def test_a_304_and_a_refusal_may_be_read_too(app: Flask, client: FlaskClient) -> None:
    etag = client.get("/api/v1/courses").headers["ETag"]
    known = client.get("/api/v1/courses", headers={"Origin": SHOP, "If-None-Match": etag})
    assert known.status_code == 304
    refused = client.get("/api/v1/me", headers={"Origin": SHOP})
    problem(refused, 401, "unauthenticated")
    missing = client.get("/api/v1/nothing", headers={"Origin": SHOP})
    problem(missing, 404, "not_found")
    for answer in (known, refused, missing):
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP


def test_no_cookie_is_ever_allowed_along_and_none_would_count(app: Flask, client: FlaskClient) -> None:
    for answer in (
        preflight(client, "/api/v1/me"),
        client.get("/api/v1/courses", headers={"Origin": SHOP}),
    ):
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["Access-Control-Allow-Origin"] != "*"


def test_a_call_of_an_allowed_origin_needs_its_token_all_the_same(app: Flask, client: FlaskClient) -> None:
    from azora_admin.identity.queries import get_person

    (learner,) = market.add_learners([1])
    with db.reading() as session:
        headers = bearer(app, get_person(session, learner))
    assert ok(client.get("/api/v1/me", headers={**headers, "Origin": SHOP}))["name"] == "Learner Number 1"


@pytest.mark.parametrize("path", ["/sign-in", "/admin/", "/", "/static/css/azora.css", "/healthz"])
def test_pages_and_all_else_stay_out_of_it(client: FlaskClient, path: str) -> None:
    asked, got = preflight(client, path), client.get(path, headers={"Origin": SHOP})
    assert granted(asked) == granted(got) == {}
    got.close()


def test_an_address_that_is_not_there_has_no_options(client: FlaskClient) -> None:
    problem(preflight(client, "/api/v1/nothing"), 404, "not_found")


def test_without_origins_in_the_settings_options_are_told_and_nothing_granted(
    settings: Settings, database: db.Database
) -> None:
    client = create_app(settings).test_client()
    answer = preflight(client, "/api/v1/me")
    assert (answer.status_code, words(answer, "Allow"), granted(answer)) == (204, PATHS["/api/v1/me"], {})
    assert granted(client.get("/api/v1/courses", headers={"Origin": SHOP})) == {}
    assert "Origin" not in client.get("/api/v1/courses").vary
