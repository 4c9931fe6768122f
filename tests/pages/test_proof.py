"""A fresh sign-in before something dangerous: asked for, given, and then on to where one was going."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient

from azora_admin.core.clock import FixedClock
from tests.identity.devices import Device
from tests.pages import market, stepping
from tests.pages.conftest import Browser, form_token
from tests.pages.stepping import APP, RECOVERY, SECURITY, app_code, hidden, send, set_up_app, set_up_passkey

LENA = "lena@market.test"
AGAIN = "/sign-in/again"


@pytest.fixture
def lena(browser: Browser, test_clock: FixedClock) -> FlaskClient:
    """A browser in which a learner is signed in."""
    market.add_person(LENA, "Lena Süß", "learner")
    return browser(LENA)


def prove(client: FlaskClient, password: str = market.PASSWORD, **more: str) -> tuple[int, str, str]:
    answer = send(client, AGAIN, AGAIN, proof_password=password, **more)
    return answer.status_code, answer.location or "", answer.text


def test_a_page_is_led_back_to(lena: FlaskClient, test_clock: FixedClock) -> None:
    test_clock.advance(timedelta(minutes=11))
    led = lena.get(f"{APP}?x=1")
    assert led.location == f"{AGAIN}?next={APP}?x%3D1"
    page = lena.get(led.location).text
    assert "Confirm that it is you" in page
    assert "Code from your authenticator app" not in page
    assert prove(lena, next=hidden(page, "next"))[:2] == (303, f"{APP}?x=1")
    assert lena.get(APP).status_code == 200


def test_ten_minutes_are_enough_for_several_acts(lena: FlaskClient, test_clock: FixedClock) -> None:
    test_clock.advance(timedelta(minutes=9))
    assert lena.get(APP).status_code == 200


@pytest.mark.parametrize(
    ("password", "named"), [("", "Enter your password"), ("wrong", "The password is not right.")]
)
def test_a_wrong_password_is_named(
    lena: FlaskClient, test_clock: FixedClock, password: str, named: str
) -> None:
    test_clock.advance(timedelta(minutes=11))
    status, _, page = prove(lena, password)
    assert status == 422
    assert f'<a href="#proof_password">{named}</a>' in page
    assert lena.get(APP).status_code == 303


def test_whoever_has_a_factor_gives_it_again(lena: FlaskClient, test_clock: FixedClock) -> None:
    secret, _ = set_up_app(lena)
    test_clock.advance(timedelta(minutes=11))
    assert "Code from your authenticator app" in lena.get(AGAIN).text
    for code in ("", "000000"):
        status, _, page = prove(lena, proof_code=code)
        assert status == 422
        assert '<a href="#proof_code">This code is not right' in page
    assert lena.get(APP).status_code == 303
    assert prove(lena, proof_code=app_code(secret))[0] == 303
    assert lena.get(APP).status_code == 200


def test_a_passkey_proves_it_too(lena: FlaskClient, test_clock: FixedClock) -> None:
    device = Device()
    set_up_passkey(lena, device)
    test_clock.advance(timedelta(minutes=11))
    base = {"base_url": "http://localhost:8000"}
    assert "Use a passkey" in lena.get(AGAIN, **base).text
    answer = stepping.answer_with(lena, device, f"{AGAIN}/passkey", AGAIN, next=APP)
    assert answer.location == APP
    assert lena.get(APP).status_code == 200
    test_clock.advance(timedelta(minutes=11))
    token = form_token(lena.get(AGAIN).text)
    refused = lena.post(f"{AGAIN}/passkey", data={"csrf_token": token, "credential": "{}", "next": APP})
    assert refused.status_code == 422
    assert hidden(refused.text, "next") == APP


def test_a_form_that_was_sent_is_kept_and_sent_on(lena: FlaskClient, test_clock: FixedClock) -> None:
    page = lena.get(APP).text
    fields = {"setup": hidden(page, "setup"), "name": 'My "phone"'}
    test_clock.advance(timedelta(minutes=11))
    code = app_code(stepping.secret_on(page))
    asked = lena.post(APP, data={"csrf_token": form_token(page), "code": code, **fields})
    assert asked.status_code == 403
    kept = {name: hidden(asked.text, name) for name in ("kept_path", "setup", "name", "code", "csrf_token")}
    assert kept["kept_path"] == APP
    assert kept["name"] == 'My "phone"'
    wrong = lena.post(AGAIN, data={**kept, "proof_password": "wrong"})
    assert wrong.status_code == 422
    assert hidden(wrong.text, "setup") == fields["setup"]
    right = lena.post(AGAIN, data={**kept, "proof_password": market.PASSWORD})
    assert (right.status_code, right.location) == (307, APP)
    # What a browser does with a 307: the same body again.
    assert lena.post(APP, data={**kept, "proof_password": market.PASSWORD}).location == RECOVERY
    assert "My &#34;phone&#34;" in lena.get(SECURITY).text


def test_no_password_is_written_into_a_page(lena: FlaskClient, test_clock: FixedClock) -> None:
    token = form_token(lena.get(SECURITY).text)
    test_clock.advance(timedelta(minutes=11))
    fields = {
        "csrf_token": token,
        "new_password": "a secret of mine",
        "proof_password": "another one",
        "x": "y",
    }
    page = lena.post(RECOVERY, data=fields).text
    assert 'name="x" value="y"' in page
    assert "a secret of mine" not in page
    assert "another one" not in page


def test_a_form_with_a_file_is_not_kept_but_its_page_is_led_back_to(
    lena: FlaskClient, test_clock: FixedClock
) -> None:
    token = form_token(lena.get(SECURITY).text)
    test_clock.advance(timedelta(minutes=11))
    fields = {"csrf_token": token, "file": (BytesIO(b"x"), "x.txt")}
    referrer = {"Referer": f"http://localhost{SECURITY}?page=2"}
    answer = lena.post(RECOVERY, data=fields, headers=referrer)
    assert answer.location == f"{AGAIN}?next={SECURITY}?page%3D2"


@pytest.mark.parametrize("referrer", ["https://evil.test/x", "http://localhost//evil.test", "", "x"])
def test_no_foreign_page_is_led_back_to(lena: FlaskClient, test_clock: FixedClock, referrer: str) -> None:
    token = form_token(lena.get(SECURITY).text)
    test_clock.advance(timedelta(minutes=11))
    page = lena.post(RECOVERY, data={"csrf_token": token}, headers={"Referer": referrer}).text
    assert hidden(page, "next") == ""


def test_htmx_is_led_to_the_fresh_sign_in_and_back_to_its_page(
    lena: FlaskClient, test_clock: FixedClock
) -> None:
    token = form_token(lena.get(SECURITY).text)
    test_clock.advance(timedelta(minutes=11))
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://localhost{SECURITY}"}
    answer = lena.post(RECOVERY, data={"csrf_token": token}, headers=headers)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == f"{AGAIN}?next={SECURITY}"


@pytest.mark.parametrize("path", ["//evil.test/x", "https://evil.test/x", "/\\evil.test"])
def test_a_kept_form_goes_nowhere_but_here(lena: FlaskClient, path: str) -> None:
    status, location, _ = prove(lena, kept_path=path, next=path)
    assert (status, location) == (303, "/account/")


def test_nobody_proves_anything_without_being_signed_in(client: FlaskClient) -> None:
    assert client.get(AGAIN).location.startswith("/sign-in?next=")
