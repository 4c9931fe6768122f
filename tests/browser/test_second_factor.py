"""Second factors in a real browser: passkeys with Chromium's own authenticator, and codes without any script."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import CDPSession, Page, expect

from azora_admin.core.config import Settings
from tests import serving
from tests.browser.conftest import ELENA, Open
from tests.browser.test_access_for_all import PHONE, problems
from tests.pages import market
from tests.pages.stepping import app_code, codes_on, secret_on

pytestmark = pytest.mark.browser

SECURITY = "/account/security/"
_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def port() -> int:
    """A free port, known before the site is, because passkeys are bound to its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found


@pytest.fixture
def settings(settings: Settings, port: int) -> Settings:
    """Settings of a site with a name of its own."""
    return settings.model_copy(update={"base_url": f"http://localhost:{port}"})


@pytest.fixture
def served(app: Flask, port: int) -> Iterator[str]:
    """The site by its name."""
    with serving.served(app, port=port):
        yield f"http://localhost:{port}"


class Authenticator:
    """The device of a browser: it holds passkeys until they are moved to another one."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("WebAuthn.enable")
        made = self._session.send("WebAuthn.addVirtualAuthenticator", {"options": _AUTHENTICATOR})
        self._id = made["authenticatorId"]

    def move_to(self, page: Page) -> Authenticator:
        """The same passkeys at another browser, as if its device were held to it."""
        other = Authenticator(page)
        held = self._session.send("WebAuthn.getCredentials", {"authenticatorId": self._id})["credentials"]
        for credential in held:
            credential["signCount"] += 1
            other._session.send(
                "WebAuthn.addCredential", {"authenticatorId": other._id, "credential": credential}
            )
        return other

    def turn_away(self) -> None:
        """From now on the device does not know its person."""
        verified = {"authenticatorId": self._id, "isUserVerified": False}
        self._session.send("WebAuthn.setUserVerified", verified)


def password(page: Page) -> None:
    """Give the right password; another step follows."""
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(ELENA)
    page.get_by_label("Password").fill(market.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def add_passkey(page: Page) -> Authenticator:
    """Add a passkey on the pages; the recovery codes are on the screen then."""
    device = Authenticator(page)
    page.goto(SECURITY)
    page.get_by_role("link", name="Add a passkey").click()
    expect(page.get_by_text("This browser runs no script")).to_be_hidden()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_role("heading", name="Save your recovery codes")).to_be_visible()
    return device


def test_a_passkey_is_made_and_is_the_second_step_of_the_next_sign_in(open_page: Open) -> None:
    page, other = open_page(ELENA), open_page()
    device = add_passkey(page)
    expect(page.locator(".codes li")).to_have_count(10)
    page.goto(SECURITY)
    expect(page.get_by_role("row", name=re.compile("My laptop Passkey"))).to_be_visible()
    password(other)
    device.move_to(other)
    expect(other.get_by_role("heading", name="One more step")).to_be_visible()
    other.get_by_role("button", name="Use a passkey").click()
    expect(other).to_have_url(re.compile("/account/$"))


def test_a_passkey_alone_signs_in(open_page: Open) -> None:
    page, other = open_page(ELENA), open_page()
    device = add_passkey(page)
    other.goto(f"/sign-in?next={SECURITY}")
    device.move_to(other)
    other.get_by_role("button", name="Sign in with a passkey").click()
    expect(other).to_have_url(re.compile(f"{SECURITY}$"))
    expect(other.get_by_role("row", name=re.compile("My laptop Passkey.*just now"))).to_be_visible()


def test_a_passkey_is_a_fresh_sign_in(open_page: Open) -> None:
    page = open_page(ELENA)
    add_passkey(page)
    page.goto(f"/sign-in/again?next={SECURITY}")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(re.compile(f"{SECURITY}$"))


def test_a_device_that_has_one_already_is_told_so(open_page: Open) -> None:
    page = open_page(ELENA)
    add_passkey(page)
    page.goto("/account/security/factors/passkey")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("This device has a passkey for your account already.")).to_be_visible()
    expect(page.get_by_role("button", name="Make a passkey")).to_be_enabled()
    assert problems(page) == []


def test_a_device_that_does_not_know_its_person_leaves_the_other_ways(open_page: Open) -> None:
    page, other = open_page(ELENA), open_page()
    device = add_passkey(page)
    codes = codes_on(page.content())
    password(other)
    device.move_to(other).turn_away()
    other.get_by_role("button", name="Use a passkey").click()
    expect(other.get_by_text("That did not work, or it was cancelled.")).to_be_visible()
    assert problems(other) == []
    other.get_by_label("Recovery code").fill(codes[0])
    other.get_by_role("button", name="Continue").click()
    expect(other).to_have_url(re.compile("/account/$"))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_an_app_is_set_up_and_asked_for(open_page: Open, script: bool) -> None:
    page = open_page(ELENA, java_script_enabled=script)
    page.goto(SECURITY)
    page.get_by_role("link", name="Add an authenticator app").click()
    expect(page.get_by_role("img", name="QR code for your authenticator app")).to_be_visible()
    secret = secret_on(page.content())
    page.get_by_label("Code", exact=True).fill(app_code(secret))
    page.get_by_role("button", name="Add the app").click()
    expect(page.locator(".codes li")).to_have_count(10)
    expect(page.get_by_role("button", name="Print")).to_be_visible(visible=script)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    kept = download.value.path().read_text(encoding="utf-8")
    assert codes_on(page.content()) == kept.strip().splitlines()[2:]
    page.get_by_role("link", name="I have saved them").click()
    expect(page).to_have_url(re.compile("/account/$"))
    other = open_page(java_script_enabled=script)
    password(other)
    other.get_by_label("Code from your authenticator app").fill(app_code(secret, 1))
    other.get_by_role("button", name="Continue").click()
    expect(other).to_have_url(re.compile("/account/$"))


def test_without_script_a_passkey_is_not_offered_and_what_to_do_instead_is_said(open_page: Open) -> None:
    page = open_page(ELENA, java_script_enabled=False)
    page.goto("/account/security/factors/passkey")
    expect(page.get_by_role("button", name="Make a passkey")).to_be_hidden()
    expect(page.get_by_text("This browser runs no script or knows no passkeys.")).to_be_visible()
    page.goto("/sign-in")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_factor_is_removed_after_a_question(open_page: Open, script: bool) -> None:
    page = open_page(ELENA)
    add_passkey(page)
    if not script:
        page = open_page(java_script_enabled=False, storage_state=page.context.storage_state())
    page.goto(SECURITY)
    page.get_by_role("button", name="Remove My laptop").click()
    expect(page.get_by_text("Your password alone will let you in then.")).to_be_visible()
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Your password alone will let you in then.")).to_be_hidden()
    page.get_by_role("button", name="Remove My laptop").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("heading", name="A password alone lets you in")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_another_browser_is_signed_out(open_page: Open, script: bool) -> None:
    page, other = open_page(ELENA, java_script_enabled=script), open_page(ELENA)
    page.goto(SECURITY)
    expect(page.locator("#sessions tbody tr")).to_have_count(2)
    page.get_by_role("button", name=re.compile("Sign out Chrome")).click()
    expect(page.locator("#sessions tbody tr")).to_have_count(1)
    expect(page.get_by_text("That browser is signed out.")).to_be_visible()
    other.goto(SECURITY)
    expect(other).to_have_url(re.compile(r"/sign-in\?next="))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_the_states_of_security(open_page: Open, theme: str) -> None:
    page = open_page(ELENA, color_scheme=theme, viewport=PHONE)
    device = add_passkey(page)
    found = problems(page)
    page.goto(SECURITY)
    found += problems(page)
    page.get_by_role("button", name="Remove My laptop").click()
    found += problems(page, within=":popover-open")
    page.goto("/sign-in/again")
    found += problems(page)
    other = open_page(color_scheme=theme, viewport=PHONE, refusal=422)
    password(other)
    device.move_to(other)
    found += problems(other)
    other.get_by_role("button", name="Continue").click()
    expect(other.get_by_role("alert").first).to_be_focused()
    found += problems(other)
    assert not found, "\n".join(found)


def test_the_pages_of_factors_fit_a_phone(open_page: Open) -> None:
    page = open_page(ELENA, viewport={"width": 320, "height": 700})
    add_passkey(page)
    for path in (None, SECURITY, "/sign-in/again", "/account/security/factors/app"):
        if path:
            page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path
