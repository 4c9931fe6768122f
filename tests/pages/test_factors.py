"""Adding and removing second factors on the pages, and having to."""

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
from tests.pages.stepping import (
    APP,
    PASSKEY,
    RECOVERY,
    SECURITY,
    app_code,
    hidden,
    set_up_app,
    set_up_passkey,
)

LENA, FIONA = "lena@market.test", "fiona@market.test"
FACTORS = "/account/security/factors/"


@pytest.fixture
def lena(browser: Browser, test_clock: FixedClock) -> FlaskClient:
    """A browser in which a learner is signed in."""
    market.add_person(LENA, "Lena Süß", "learner")
    return browser(LENA)


@pytest.fixture
def strict(settings: Settings, database: db.Database, test_clock: FixedClock) -> FlaskClient:
    """A browser at an installation that requires a second factor of finance, in which Fiona of finance is signed in."""
    market.add_person(FIONA, "Fiona Finch", "finance", "learner")
    client = create_app(settings.model_copy(update={"require_second_factor": "yes"})).test_client()
    assert stepping.enter(client, FIONA).location == "/admin/"
    return client


def test_an_app_is_set_up_and_its_codes_are_shown_once(lena: FlaskClient) -> None:
    _, codes = set_up_app(lena, name="  My\nphone ")
    assert len(codes) == 10
    again = lena.get(RECOVERY).text
    assert "10 codes are left" in again
    assert codes[0] not in again
    page = lena.get(SECURITY).text
    assert "My phone" in page
    assert "10 recovery codes left" in page


def test_the_codes_can_be_taken_along_as_a_file_without_script(lena: FlaskClient) -> None:
    page = lena.get(APP)
    fields = {"csrf_token": form_token(page.text), "setup": hidden(page.text, "setup")}
    lena.post(APP, data={**fields, "code": app_code(stepping.secret_on(page.text))})
    shown = lena.get(RECOVERY).text
    codes = stepping.codes_on(shown)
    assert 'download="azora-recovery-codes.txt" href="data:text/plain;charset=utf-8,' in shown
    assert "%0D%0A".join(codes) in shown


def test_a_wrong_code_keeps_the_secret_and_the_name(lena: FlaskClient) -> None:
    page = lena.get(APP).text
    fields = {"csrf_token": form_token(page), "setup": hidden(page, "setup"), "name": "Tablet"}
    wrong = lena.post(APP, data={**fields, "code": "000000"})
    assert wrong.status_code == 422
    assert '<a href="#code">This code is not right.' in wrong.text
    assert stepping.secret_on(wrong.text) == stepping.secret_on(page)
    assert 'value="Tablet"' in wrong.text
    assert lena.post(APP, data={**fields, "code": ""}).status_code == 422


def test_an_offer_of_another_browser_or_of_yesterday_is_over(
    lena: FlaskClient, browser: Browser, test_clock: FixedClock
) -> None:
    market.add_person("mallory@market.test", "Mallory", "learner")
    theirs = browser("mallory@market.test").get(APP).text
    own = lena.get(APP).text
    fields = {"csrf_token": form_token(own), "setup": hidden(theirs, "setup")}
    answer = lena.post(APP, data={**fields, "code": app_code(stepping.secret_on(theirs))})
    assert answer.status_code == 409
    assert "start again" in answer.text


def test_the_secret_is_kept_by_no_cache_and_drawn_in_the_page(lena: FlaskClient) -> None:
    page = lena.get(APP)
    assert page.headers["Cache-Control"] == "no-store"
    assert '<div class="qr" role="img" aria-label="QR code for your authenticator app"><svg' in page.text


def test_a_passkey_is_named_by_its_browser(lena: FlaskClient) -> None:
    headers = {"User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.4 Safari/605.1.15"}
    lena.environ_base["HTTP_USER_AGENT"] = headers["User-Agent"]
    set_up_passkey(lena, Device())
    assert "Safari on Mac" in lena.get(SECURITY).text


def test_a_device_has_one_passkey_here(lena: FlaskClient) -> None:
    token = form_token(lena.get(PASSKEY).text)
    device = Device()
    set_up_passkey(lena, device)
    options = lena.post(f"{PASSKEY}/options", data={"csrf_token": token}).get_json()
    assert len(options["excludeCredentials"]) == 1


def test_what_is_no_passkey_shows_the_form_again(lena: FlaskClient) -> None:
    token = form_token(lena.get(PASSKEY).text)
    for credential in ("", "{}"):
        answer = lena.post(PASSKEY, data={"csrf_token": token, "credential": credential})
        assert answer.status_code == 422
        assert "That did not work" in answer.text


def remove(client: FlaskClient) -> tuple[int, str]:
    """Remove the first factor on the page, if it offers to."""
    page = client.get(SECURITY).text
    path = page.split('action="/account/security/factors/')[1].split('"')[0]
    answer = client.post(f"{FACTORS}{path}", data={"csrf_token": form_token(page)}, follow_redirects=True)
    return answer.status_code, answer.text


def test_a_factor_is_removed_and_the_last_one_takes_the_codes_along(lena: FlaskClient) -> None:
    set_up_app(lena, name="Phone")
    status, page = remove(lena)
    assert status == 200
    assert "“Phone” was removed." in page
    assert "A password alone lets you in" in page
    assert "recovery code" not in page


def test_new_codes_void_the_old_ones(lena: FlaskClient, app: Flask) -> None:
    _, old = set_up_app(lena)
    answer = stepping.send(lena, RECOVERY, SECURITY)
    assert answer.location == RECOVERY
    new = stepping.codes_on(lena.get(RECOVERY).text)
    assert len(new) == 10
    for code, status in ((old[0], 422), (new[0], 303)):
        client = app.test_client()
        stepping.enter(client, LENA)
        assert stepping.send(client, "/sign-in/second", "/sign-in/second", code=code).status_code == status


def test_without_a_factor_there_are_no_codes_to_make(lena: FlaskClient) -> None:
    assert stepping.send(lena, RECOVERY, SECURITY).status_code == 409


def test_nobody_removes_somebody_elses_factor(lena: FlaskClient, browser: Browser) -> None:
    set_up_app(lena)
    page = lena.get(SECURITY).text
    path = page.split('action="/account/security/factors/')[1].split('"')[0]
    market.add_person("mallory@market.test", "Mallory", "learner")
    mallory = browser("mallory@market.test")
    assert stepping.send(mallory, f"{FACTORS}{path}").status_code == 404
    assert stepping.send(mallory, f"{FACTORS}x/remove").status_code == 404
    assert lena.get(SECURITY).text.count("Authenticator app</small>") == 1


def test_whoever_must_have_a_factor_reaches_nothing_but_its_set_up(strict: FlaskClient) -> None:
    for path in ("/admin/", "/admin/payments", "/account/", SECURITY):
        assert strict.get(path).location == FACTORS
    answer = strict.get("/admin/payments?q=x", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == FACTORS
    page = strict.get(FACTORS).text
    assert "As Finance, Learner you need one before you can go on" in page
    assert strict.get(PASSKEY).status_code == 200
    set_up_app(strict)
    assert strict.get("/admin/").status_code == 200


def test_it_can_sign_out_too(strict: FlaskClient) -> None:
    token = form_token(strict.get(FACTORS).text)
    assert strict.post("/sign-out", data={"csrf_token": token}).location == "/sign-in"


def test_the_last_factor_of_whoever_must_have_one_stays(strict: FlaskClient) -> None:
    set_up_app(strict)
    page = strict.get(SECURITY).text
    assert "Needed by your role" in page
    set_up_passkey(strict, Device())
    assert remove(strict)[0] == 200
    assert "Needed by your role" in strict.get(SECURITY).text


def test_roles_that_need_none_are_not_held_up(strict: FlaskClient, settings: Settings) -> None:
    market.add_person(LENA, "Lena Süß", "learner", "instructor", "support")
    client = create_app(settings.model_copy(update={"require_second_factor": "yes"})).test_client()
    stepping.enter(client, LENA)
    assert client.get("/admin/").status_code == 200


def test_in_the_demo_one_step_is_enough(browser: Browser) -> None:
    market.add_person(FIONA, "Fiona Finch", "finance", "admin")
    assert browser(FIONA).get("/admin/").status_code == 200


@pytest.mark.parametrize("path", [APP, PASSKEY])
def test_a_factor_wants_a_fresh_sign_in(lena: FlaskClient, test_clock: FixedClock, path: str) -> None:
    test_clock.advance(timedelta(minutes=11))
    assert lena.get(path).location == f"/sign-in/again?next={path}"
