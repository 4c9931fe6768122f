"""The site answers to its own names alone."""

from __future__ import annotations

import logging

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.config import Settings
from tests.api.callers import problem

FOREIGN = [
    "evil.example",
    "azora.example.evil.example",
    "evil-azora.example",
    "azora.example.",
    "azora.example:80:80",
    "azora.example:x",
    "azora.example:123456",
    "azora.example@evil.example",
    "evil.example:azora.example",
    "azora.example, evil.example",
    "127.0.0.1.nip.io",
    "127.1",
    "::1",
    "",
    " ",
    "\xff",
]


@pytest.fixture
def shop(settings: Settings, database: db.Database) -> FlaskClient:
    """A caller of the site that is at https://azora.example, and at shop.example too."""
    named = {"base_url": "https://azora.example", "allowed_hosts": ("shop.example",)}
    return create_app(settings.model_copy(update=named)).test_client()


def ask(client: FlaskClient, path: str, host: str) -> TestResponse:
    return client.get(path, environ_overrides={"HTTP_HOST": host})


@pytest.mark.parametrize(
    "host",
    ["azora.example", "AZORA.example:443", "shop.example", "127.0.0.1:8000", "localhost:5000", "[::1]:8000"],
)
def test_its_own_names_are_known_with_any_port(shop: FlaskClient, host: str) -> None:
    assert ask(shop, "/sign-in", host).status_code == 200
    assert ask(shop, "/api/v1/courses", host).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_name_is_refused_for_pages_and_api_alike(shop: FlaskClient, host: str) -> None:
    page = ask(shop, "/sign-in", host)
    assert page.status_code == 400
    assert "This site does not go by the name in the request" in page.text
    assert "Set-Cookie" not in page.headers
    refused = problem(ask(shop, "/api/v1/courses", host), 400, "unknown_host")
    assert not host.strip() or host not in refused["detail"]
    assert ask(shop, "/static/css/azora.css", host).status_code == 400


def test_a_foreign_name_meets_no_guard_and_no_address_that_is_not_there(shop: FlaskClient) -> None:
    for path in ("/admin/", "/nothing", "/api/v1/nothing", "/api/v1/me"):
        assert ask(shop, path, "evil.example").status_code == 400


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_whoever_watches_the_process_may_ask_it_by_its_address(shop: FlaskClient, path: str) -> None:
    assert ask(shop, path, "10.1.2.3:8000").status_code == 200


def test_the_log_tells_whoever_runs_this_what_to_set(
    shop: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "azora_admin.web.hosts"):
        ask(shop, "/sign-in", "forgotten.example\r\nforged line")
    (line,) = caplog.messages
    assert "'forgotten.example\\r\\nforged line' is none of ours; AZORA_ALLOWED_HOSTS" in line
