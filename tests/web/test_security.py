"""Headers, cookies and the check of forms."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.config import Settings

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize("path", ["/sign-in", "/no-such-page", "/api/v1/courses", "/healthz"])
def test_every_answer_carries_the_policy_and_the_usual_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert {name: headers[name] for name in HEADERS} == HEADERS


def test_a_page_is_kept_by_no_cache(client: FlaskClient) -> None:
    assert client.get("/sign-in").headers["Cache-Control"] == "no-store"


def test_the_cookie_is_for_http_alone_and_named_after_the_port(client: FlaskClient) -> None:
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert cookie.startswith("azora_8000=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_and_the_browser_keep_to_it(
    settings: Settings, database: db.Database
) -> None:
    app = create_app(settings.model_copy(update={"base_url": "https://azora.example"}))
    response = app.test_client().get("/sign-in", base_url="https://azora.example")
    assert "Secure" in response.headers["Set-Cookie"]
    assert "max-age=" in response.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/theme"])
def test_a_form_without_our_token_is_refused(client: FlaskClient, path: str) -> None:
    assert client.post(path, data={"email": "a@b.test"}).status_code == 400


def test_templates_refuse_a_name_that_is_not_given(app: Flask) -> None:
    from jinja2 import UndefinedError

    with app.test_request_context("/"), pytest.raises(UndefinedError):
        app.jinja_env.from_string("{{ nobody_gave_this }}").render()
