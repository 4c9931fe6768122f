"""A sign-in in two steps, on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from tests.identity.devices import Device
from tests.pages import market, stepping
from tests.pages.conftest import Browser, form_token
from tests.pages.stepping import app_code, enter, send, set_up_app, set_up_passkey

LENA = "lena@market.test"


@pytest.fixture
def lena(browser: Browser, test_clock: FixedClock) -> FlaskClient:
    """A browser in which a learner is signed in."""
    market.add_person(LENA, "Lena Süß", "learner")
    return browser(LENA)


@pytest.fixture
def other(app: Flask) -> FlaskClient:
    """Another browser, in which nobody is signed in."""
    return app.test_client()


def finish(client: FlaskClient, code: str, **more: str) -> tuple[int, str | None, str]:
    answer = send(client, "/sign-in/second", "/sign-in/second", code=code, **more)
    return answer.status_code, answer.location, answer.text


def test_the_password_leads_to_the_second_step_and_the_code_to_where_one_wanted_to_be(
    lena: FlaskClient, other: FlaskClient
) -> None:
    secret, _ = set_up_app(lena)
    answer = enter(other, LENA, next="/account/?x=1")
    assert (answer.status_code, answer.location) == (303, "/sign-in/second?next=/account/?x%3D1")
    assert other.get("/account/").location.startswith("/sign-in?next=")
    page = other.get(answer.location).text
    assert "Signing in as lena@market.test" in page
    assert 'autocomplete="one-time-code"' in page
    landed = finish(other, app_code(secret, 1), next="/account/?x=1")
    assert landed[:2] == (303, "/account/?x=1")
    assert other.get("/account/").status_code == 200
    assert other.get("/sign-in/second").location == "/sign-in?over=1"


def test_a_wrong_code_is_named_and_the_fifth_one_ends_the_attempt(
    lena: FlaskClient, other: FlaskClient
) -> None:
    secret, _ = set_up_app(lena)
    enter(other, LENA)
    for _ in range(4):
        status, _, page = finish(other, "000000")
        assert status == 422
        assert '<a href="#code">This code is not right, or it was used already' in page
        assert "<title>Error: Second step · Azora</title>" in page
    assert finish(other, "000000")[:2] == (303, "/sign-in?over=1")
    assert "Enter your password again" in other.get("/sign-in?over=1").text
    enter(other, LENA)
    assert finish(other, app_code(secret, 1))[0] == 303


def test_no_code_is_named_and_costs_no_try(lena: FlaskClient, other: FlaskClient) -> None:
    set_up_app(lena)
    enter(other, LENA)
    for _ in range(6):
        status, _, page = finish(other, "")
        assert status == 422
        assert "Enter the code" in page


def test_a_recovery_code_lets_in_once(lena: FlaskClient, app: Flask) -> None:
    _, codes = set_up_app(lena)
    assert len(codes) == 10
    for landed in (303, 422):
        client = app.test_client()
        enter(client, LENA)
        page = client.get("/sign-in/second?with=recovery").text
        assert "Recovery code</label>" in page
        assert finish(client, codes[0].upper().replace("-", " "), **{"with": "recovery"})[0] == landed


def test_a_forged_way_back_leads_to_the_first_page(lena: FlaskClient, other: FlaskClient) -> None:
    secret, _ = set_up_app(lena)
    assert enter(other, LENA, next="//evil.test").location == "/sign-in/second"
    assert finish(other, app_code(secret, 1), next="https://evil.test/")[1] == "/account/"


def test_whoever_is_half_signed_in_has_no_one_to_be(client: FlaskClient) -> None:
    assert client.get("/sign-in/second").location == "/sign-in?over=1"
    token = form_token(client.get("/sign-in").text)
    answer = client.post("/sign-in/second", data={"csrf_token": token, "code": "000000"})
    assert answer.location == "/sign-in?over=1"
    assert client.post("/sign-in/second/passkey/options", data={"csrf_token": token}).status_code == 403


def test_a_session_starts_anew_with_the_second_step(lena: FlaskClient, other: FlaskClient) -> None:
    secret, _ = set_up_app(lena)
    enter(other, LENA)
    before = form_token(other.get("/sign-in/second").text)
    finish(other, app_code(secret, 1))
    assert other.post("/sign-out", data={"csrf_token": before}).status_code == 400


def test_a_passkey_is_the_second_step_or_the_whole_sign_in(lena: FlaskClient, app: Flask) -> None:
    device = Device()
    assert set_up_passkey(lena, device).location == stepping.RECOVERY
    second, alone = app.test_client(), app.test_client()
    enter(second, LENA)
    path = "/sign-in/second/passkey"
    answer = stepping.answer_with(second, device, path, "/sign-in/second", next="/account/?x=2")
    assert answer.location == "/account/?x=2"
    answer = stepping.answer_with(alone, device, "/sign-in/passkey", "/sign-in", next="/account/?x=3")
    assert answer.location == "/account/?x=3"
    assert alone.get("/account/").status_code == 200


def test_somebody_elses_passkey_is_no_second_step(lena: FlaskClient, app: Flask, browser: Browser) -> None:
    market.add_person("mallory@market.test", "Mallory", "learner")
    theirs, client = Device(), app.test_client()
    set_up_passkey(browser("mallory@market.test"), theirs)
    set_up_passkey(lena, Device())
    enter(client, LENA)
    token = form_token(client.get("/sign-in/second").text)
    asked = client.post("/sign-in/second/passkey/options", data={"csrf_token": token})
    forged = {**asked.get_json(), "allowCredentials": []}
    answer = client.post(
        "/sign-in/second/passkey", data={"csrf_token": token, "credential": theirs.get(forged)}
    )
    assert answer.status_code == 422
    assert "This passkey is not known here." in answer.text


def test_an_answer_to_a_question_of_another_browser_is_refused(lena: FlaskClient, app: Flask) -> None:
    device, mine, theirs = Device(), app.test_client(), app.test_client()
    set_up_passkey(lena, device)
    tokens = [form_token(client.get("/sign-in").text) for client in (mine, theirs)]
    asked = mine.post("/sign-in/passkey/options", data={"csrf_token": tokens[0]}).get_json()
    fields = {"csrf_token": tokens[1], "credential": device.get(asked)}
    assert theirs.post("/sign-in/passkey", data=fields).status_code == 422


@pytest.mark.parametrize("credential", ["", "x", "{}", "[" * 50_000])
def test_what_is_no_answer_shows_the_form_again(client: FlaskClient, credential: str) -> None:
    token = form_token(client.get("/sign-in").text)
    client.post("/sign-in/passkey/options", data={"csrf_token": token})
    answer = client.post("/sign-in/passkey", data={"csrf_token": token, "credential": credential})
    assert answer.status_code == 422
    assert "This passkey was not accepted." in answer.text


def test_a_question_is_asked_of_our_own_pages_alone(client: FlaskClient) -> None:
    assert client.post("/sign-in/passkey/options").status_code == 400


def test_the_second_step_takes_no_longer_than_ten_minutes(
    lena: FlaskClient, other: FlaskClient, test_clock: FixedClock
) -> None:
    secret, _ = set_up_app(lena)
    enter(other, LENA)
    page = form_token(other.get("/sign-in/second").text)
    test_clock.advance(timedelta(minutes=10))
    answer = other.post("/sign-in/second", data={"csrf_token": page, "code": app_code(secret, 1)})
    assert answer.location == "/sign-in?over=1"


def test_a_site_that_was_told_no_name_has_one_on_its_own_machine_alone(
    settings: Settings, database: db.Database
) -> None:
    site = settings.model_copy(update={"allowed_hosts": ("azora.example",)})
    client = create_app(site).test_client()
    assert "passkey" in client.get("/sign-in", base_url="http://localhost:8000").text
    assert "passkey" not in client.get("/sign-in", base_url="http://azora.example").text


@pytest.fixture
def nameless(settings: Settings, database: db.Database) -> FlaskClient:
    """A site that has a number and no name."""
    return create_app(settings.model_copy(update={"base_url": "http://192.0.2.7:8000"})).test_client()


def test_where_passkeys_cannot_be_none_are_offered(nameless: FlaskClient) -> None:
    page = nameless.get("/sign-in").text
    assert "passkey" not in page
    answer = nameless.post("/sign-in/passkey/options", data={"csrf_token": form_token(page)})
    assert answer.status_code == 404


def test_a_passkey_is_offered_by_the_name_that_it_is_bound_to(client: FlaskClient) -> None:
    assert "Sign in with a passkey" in client.get("/sign-in", base_url="http://localhost:8000").text
    assert "Sign in with a passkey" not in client.get("/sign-in", base_url="http://127.0.0.1:8000").text
