"""Machines on pages: added, given keys that are shown once, and keys taken away."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core import clock
from azora_admin.core.ids import new_id
from tests.pages import market
from tests.pages.conftest import Browser, form_token
from tests.web.proofs import prove_all_sessions


@pytest.fixture
def admin(browser: Browser) -> FlaskClient:
    """An administrator who signed in a moment ago."""
    market.add_person("amara@market.test", "Amara Nwosu", "admin")
    client = browser("amara@market.test")
    prove_all_sessions(clock.now())
    return client


def add_machine(admin: FlaskClient, name: str = "Course player") -> str:
    """The address of the new machine's keys."""
    token = form_token(admin.get("/admin/machines/new").text)
    answer = admin.post("/admin/machines", data={"csrf_token": token, "name": name})
    assert answer.status_code == 303, answer.text
    return urlsplit(answer.location).path


def make_key(admin: FlaskClient, page: str, **changed: object) -> tuple[int, str]:
    token = form_token(admin.get(page).text)
    form = {"csrf_token": token, "name": "Production", "scopes": ["own:read"], "life": "90", **changed}
    answer = admin.post(page, data=form)
    return answer.status_code, answer.text


def test_a_key_is_shown_once_and_opens_what_its_scopes_name(app: Flask, admin: FlaskClient) -> None:
    page = add_machine(admin)
    status, shown = make_key(admin, page)
    assert status == 201
    found = re.search(r"azk_[0-9A-Za-z_]{40,}", shown)
    assert found
    assert found[0] not in admin.get(page).text
    headers = {"Authorization": f"Bearer {found[0]}"}
    me = app.test_client().get("/api/v1/me", headers=headers)
    assert me.get_json()["roles"] == ["machine"]
    revoke = re.search(rf'action="({page}/[^"]+/revoke)"', admin.get(page).text)
    assert revoke
    token = form_token(admin.get(page).text)
    assert admin.post(revoke[1], data={"csrf_token": token}).status_code == 303
    assert app.test_client().get("/api/v1/me", headers=headers).status_code == 401
    assert "Revoked" in admin.get(page).text


def test_what_is_wrong_with_a_key_is_told_beside_its_field_and_nothing_entered_is_lost(
    admin: FlaskClient,
) -> None:
    status, shown = make_key(admin, add_machine(admin), name="", scopes=["own:read", "earnings:read"])
    assert status == 422
    assert '<a href="#name">' in shown
    assert '<a href="#scopes">' in shown
    assert 'value="own:read" checked' in shown


@pytest.mark.parametrize("life", ["7", "-1", "x"])
def test_a_key_lives_as_long_as_one_of_the_choices(admin: FlaskClient, life: str) -> None:
    status, shown = make_key(admin, add_machine(admin), life=life)
    assert status == 422
    assert "Choose how long the key lives." in shown


def test_a_machine_without_a_name_is_not_added(admin: FlaskClient) -> None:
    token = form_token(admin.get("/admin/machines/new").text)
    answer = admin.post("/admin/machines", data={"csrf_token": token, "name": " "})
    assert answer.status_code == 422
    assert "No machine was added" in answer.text


def test_a_form_sent_twice_makes_one_key(admin: FlaskClient) -> None:
    page = add_machine(admin)
    shown = admin.get(page).text
    once = re.search(r'name="idempotency_key" value="([^"]+)"', shown)
    assert once
    form = {
        "csrf_token": form_token(shown),
        "idempotency_key": once[1],
        "name": "Production",
        "scopes": ["own:read"],
        "life": "90",
    }
    first, second = admin.post(page, data=form), admin.post(page, data=form)
    assert first.data == second.data
    assert second.headers["Idempotent-Replayed"] == "true"
    assert admin.get(page).text.count('class="strong">Production</span>') == 1


def test_a_person_is_no_machine(admin: FlaskClient) -> None:
    (learner,) = market.add_learners([1])
    assert admin.get(f"/admin/machines/{learner}/keys").status_code == 404
    assert admin.get(f"/admin/machines/{new_id()}/keys").status_code == 404
