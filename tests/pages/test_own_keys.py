"""Apps and API keys on the page of one's own security."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.core.clock import FixedClock
from tests.pages import market
from tests.pages.conftest import Browser, form_token
from tests.pages.stepping import SECURITY, send

LENA = "lena@market.test"
NEW = f"{SECURITY}keys/new"
PHONE = "Azora/3.1 (iPhone; iOS 18.4)"


@pytest.fixture
def lena(browser: Browser, test_clock: FixedClock) -> FlaskClient:
    """A browser in which a learner is signed in."""
    market.add_person(LENA, "Lena Süß", "learner")
    return browser(LENA)


def make(client: FlaskClient, *scopes: str, name: str = "Nightly report", life: str = "90") -> TestResponse:
    token = form_token(client.get(NEW).text)
    fields = {"csrf_token": token, "name": name, "life": life, "scopes": list(scopes)}
    return client.post(NEW, data=fields)


def shown_key(page: str) -> str | None:
    found = re.search(r'<code id="new-key">(azk_\w+)</code>', page)
    return found[1] if found else None


def calls(app: Flask, key: str) -> int:
    return app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {key}"}).status_code


def test_a_key_is_made_shown_once_used_and_revoked(app: Flask, lena: FlaskClient) -> None:
    assert make(lena, "own:read").location == SECURITY
    page = lena.get(SECURITY).text
    key = shown_key(page)
    assert key
    assert "“Nightly report” is made." in page
    assert key not in lena.get(SECURITY).text
    assert calls(app, key) == 200
    listed = lena.get(SECURITY).text
    assert key[:16] in listed
    (path,) = re.findall(r'action="(/account/security/keys/[0-9a-f-]{36}/revoke)"', listed)
    for _ in range(2):
        assert send(lena, path).location == SECURITY
    assert "“Nightly report” is revoked." in lena.get(SECURITY).text
    assert calls(app, key) == 401
    assert "Revoked" in lena.get(SECURITY).text


def test_a_key_ends_when_it_was_to(app: Flask, lena: FlaskClient, test_clock: FixedClock) -> None:
    make(lena, "own:read", life="30")
    key = shown_key(lena.get(SECURITY).text)
    assert key
    test_clock.advance(timedelta(days=30))
    assert calls(app, key) == 401


def test_a_key_without_an_end_is_one_that_was_asked_for(lena: FlaskClient, test_clock: FixedClock) -> None:
    for life, shown in (("", "—</td>"), ("365", "1 Jul 2027"), ("nonsense", "—</td>")):
        make(lena, "own:read", life=life)
        assert shown in lena.get(SECURITY).text


@pytest.mark.parametrize(
    ("scopes", "name", "named"),
    [
        ((), "Report", "scopes"),
        (("people:roles",), "Report", "scopes"),
        (("earnings:read",), "Report", "scopes"),
        (("own:read",), " ", "name"),
        (("own:read",), "x" * 81, "name"),
    ],
)
def test_what_a_key_can_not_be_is_named_and_what_was_entered_is_kept(
    lena: FlaskClient, scopes: tuple[str, ...], name: str, named: str
) -> None:
    answer = make(lena, *scopes, name=name, life="365")
    assert answer.status_code == 422
    assert f'<a href="#{named}">' in answer.text
    assert 'value="365" checked' in answer.text
    assert shown_key(lena.get(SECURITY).text) is None


def test_a_key_can_do_what_its_maker_may(browser: Browser, lena: FlaskClient) -> None:
    assert 'value="earnings:read"' not in lena.get(NEW).text
    market.add_person("priya@market.test", "Priya Raman", "instructor")
    assert 'value="earnings:read"' in browser("priya@market.test").get(NEW).text


def test_a_key_wants_a_fresh_sign_in_and_ending_one_does_not(
    lena: FlaskClient, test_clock: FixedClock
) -> None:
    make(lena, "own:read")
    test_clock.advance(timedelta(minutes=11))
    assert lena.get(NEW).location == f"/sign-in/again?next={NEW}"
    (path,) = re.findall(r'action="(/account/security/keys/[^"]+)"', lena.get(SECURITY).text)
    assert send(lena, path).location == SECURITY


def test_nobody_revokes_somebody_elses_key(app: Flask, lena: FlaskClient, browser: Browser) -> None:
    make(lena, "own:read")
    page = lena.get(SECURITY).text
    key = shown_key(page)
    (path,) = re.findall(r'action="(/account/security/keys/[^"]+)"', page)
    market.add_person("mallory@market.test", "Mallory", "learner", "admin")
    mallory = browser("mallory@market.test")
    assert send(mallory, path).status_code == 404
    assert key
    assert calls(app, key) == 200
    assert key[:16] not in mallory.get(SECURITY).text


def sign_in_app(app: Flask) -> str:
    """An app signs in. Its refresh token."""
    body = {"email": LENA, "password": market.PASSWORD}
    answer = app.test_client().post("/api/v1/auth/token", json=body, headers={"User-Agent": PHONE})
    return str(answer.get_json()["refresh_token"])


def refreshes(app: Flask, token: str) -> int:
    return app.test_client().post("/api/v1/auth/refresh", json={"refresh_token": token}).status_code


def test_an_app_is_shown_and_signed_out(app: Flask, lena: FlaskClient) -> None:
    token = sign_in_app(app)
    page = lena.get(SECURITY).text
    assert "Azora on iPhone" in page
    (path,) = re.findall(r'action="(/account/security/apps/[0-9a-f-]{36}/end)"', page)
    headers = {"HX-Request": "true", "HX-Target": "apps"}
    answer = lena.post(path, data={"csrf_token": form_token(page)}, headers=headers)
    assert "No app is signed in." in answer.text
    assert "That app is signed out." in answer.text
    assert refreshes(app, token) == 401


def test_nobody_signs_out_somebody_elses_app(app: Flask, lena: FlaskClient, browser: Browser) -> None:
    token = sign_in_app(app)
    (path,) = re.findall(r'action="(/account/security/apps/[^"]+)"', lena.get(SECURITY).text)
    market.add_person("mallory@market.test", "Mallory", "learner", "admin")
    assert send(browser("mallory@market.test"), path).status_code == 404
    assert refreshes(app, token) == 200


def test_an_app_whose_token_was_used_by_two_is_told_of(
    app: Flask, lena: FlaskClient, test_clock: FixedClock
) -> None:
    token = sign_in_app(app)
    assert refreshes(app, token) == 200
    test_clock.advance(timedelta(minutes=1))
    assert refreshes(app, token) == 401
    page = lena.get(SECURITY).text
    assert "was signed out on" in page
    assert "Its token was used by two" in page


def test_a_new_password_signs_apps_out(app: Flask, lena: FlaskClient) -> None:
    token = sign_in_app(app)
    fields = {"current_password": market.PASSWORD, "new_password": "eleven lazy otters"}
    answer = send(lena, "/account/password", "/account/password", **fields)
    assert answer.status_code == 303, answer.text
    assert refreshes(app, token) == 401
