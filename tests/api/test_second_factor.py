"""A second factor for apps: a code beside the password."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from tests.api.callers import fields, ok, problem
from tests.audited import audited
from tests.identity.having import add, add_app, codes_left, now_code

TOKEN = "/api/v1/auth/token"


def credentials(**more: Any) -> dict[str, Any]:
    return {"email": "lena@example.com", "password": "correct horse battery", **more}


def test_whoever_has_a_factor_gives_a_code_too_and_each_once(
    client: FlaskClient, test_clock: FixedClock
) -> None:
    lena = add("lena@example.com", "learner")
    ok(client.post(TOKEN, json=credentials()))
    setup, codes = add_app(lena)
    problem(client.post(TOKEN, json=credentials()), 401, "second_factor_required")
    problem(client.post(TOKEN, json=credentials(otp="000000")), 401, "invalid_otp")
    ok(client.post(TOKEN, json=credentials(otp=now_code(setup))))
    problem(client.post(TOKEN, json=credentials(otp=now_code(setup))), 401, "invalid_otp")
    ok(client.post(TOKEN, json=credentials(otp=codes[0].upper())))
    assert codes_left(lena) == 9
    assert len(audited("person.signed_in")) == 3


def test_a_code_tells_nothing_to_whoever_has_a_wrong_password(
    client: FlaskClient, test_clock: FixedClock
) -> None:
    setup, _ = add_app(add("lena@example.com", "learner"))
    for otp in (None, "000000", now_code(setup)):
        wrong = credentials(password="wrong", otp=otp)
        problem(client.post(TOKEN, json=wrong), 401, "invalid_credentials")
    ok(client.post(TOKEN, json=credentials(otp=now_code(setup))))


@pytest.mark.parametrize("otp", [123456, ["123456"], "1" * 65])
def test_a_code_is_a_short_text(client: FlaskClient, otp: object) -> None:
    assert fields(problem(client.post(TOKEN, json=credentials(otp=otp)), 422, "invalid")) == ["otp"]


@pytest.fixture
def strict(settings: Settings, database: db.Database) -> Flask:
    """An installation that requires a second factor."""
    return create_app(settings.model_copy(update={"require_second_factor": "yes"}))


def test_finance_and_admin_get_no_token_before_they_have_one(strict: Flask, test_clock: FixedClock) -> None:
    lena, client = add("lena@example.com", "admin"), strict.test_client()
    problem(client.post(TOKEN, json=credentials()), 403, "second_factor_not_set_up")
    setup, _ = add_app(lena)
    ok(client.post(TOKEN, json=credentials(otp=now_code(setup))))
