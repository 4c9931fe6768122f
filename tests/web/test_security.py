"""Headers, cookies and the check of forms."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.config import Settings

EVERYWHERE = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
ON_PAGES = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
PAGES = ["/sign-in", "/no-such-page", "/static/css/azora.css", "/static/nothing"]
DATA = ["/api/v1/courses", "/api/v1/nothing", "/api/v1/me", "/healthz", "/readyz"]


@pytest.mark.parametrize("path", [*PAGES, *DATA])
def test_every_answer_carries_one_policy_that_allows_nothing_unnamed(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        (policy,) = answer.headers.getlist("Content-Security-Policy")
        told = {name: answer.headers.get(name) for name in EVERYWHERE}
    assert policy.startswith("default-src 'none';")
    assert "frame-ancestors 'none'" in policy
    assert not any(word in policy for word in ("unsafe", "*", "http"))
    assert told == EVERYWHERE


@pytest.mark.parametrize("path", PAGES)
def test_what_a_browser_may_show_carries_all_that_binds_it(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        assert {name: answer.headers.get(name) for name in ON_PAGES} == ON_PAGES
        permissions = dict(one.split("=") for one in answer.headers["Permissions-Policy"].split(", "))
    assert permissions["camera"] == permissions["payment"] == permissions["display-capture"] == "()"
    granted = {name for name, allowed in permissions.items() if allowed != "()"}
    assert granted == {"clipboard-write", "publickey-credentials-create", "publickey-credentials-get"}
    assert {permissions[name] for name in granted} == {"(self)"}


@pytest.mark.parametrize("path", ["/sign-in", "/no-such-page", "/api/v1/nothing", "/api/v1/me", "/healthz"])
def test_an_answer_that_says_nothing_of_caches_is_kept_by_none(client: FlaskClient, path: str) -> None:
    assert client.get(path).headers.getlist("Cache-Control") == ["no-store"]


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
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-azora_8000=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert response.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    assert "Strict-Transport-Security" in app.test_client().get("/healthz").headers


def test_templates_refuse_a_name_that_is_not_given(app: Flask) -> None:
    from jinja2 import UndefinedError

    with app.test_request_context("/"), pytest.raises(UndefinedError):
        app.jinja_env.from_string("{{ nobody_gave_this }}").render()
