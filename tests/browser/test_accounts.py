"""Opening an account, forgetting its password and coming back in, in a real browser, with script and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from azora_admin.core.config import Settings
from tests.browser.conftest import Open
from tests.mailing import work

pytestmark = pytest.mark.browser

FIRST, SECOND = "an old lighthouse 7", "a newer lighthouse 8"


def open_mail(page: Page, settings: Settings) -> None:
    """Follow the link of the newest mail in the demo's mailbox; the test's server has a port of its own."""
    work(settings)
    page.goto("/demo/mailbox")
    href = page.locator("details[open] a").get_attribute("href")
    assert href is not None
    page.goto(href.removeprefix(settings.public_url))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_an_account_is_opened_confirmed_forgotten_and_entered_again(
    open_page: Open, settings: Settings, script: bool
) -> None:
    page = open_page(java_script_enabled=script)
    page.goto("/sign-in")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Your name").fill("Lena Maier")
    page.get_by_label("E-mail address").fill("lena@market.test")
    page.get_by_label("Password").fill(FIRST)
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_text("Confirm your e-mail address")).to_be_visible()

    open_mail(page, settings)
    page.get_by_role("button", name="Yes, confirm it").click()
    expect(page.get_by_role("heading", name="Lena Maier")).to_be_visible()
    expect(page.get_by_text("Confirm your e-mail address")).to_have_count(0)

    page.context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill("lena@market.test")
    page.get_by_role("button", name="Mail me a link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    open_mail(page, settings)
    page.get_by_role("textbox", name="New password").fill(SECOND)
    page.get_by_role("button", name="Use this password").click()
    page.get_by_label("E-mail address").fill("lena@market.test")
    page.get_by_label("Password").fill(SECOND)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Lena Maier")).to_be_visible()


def test_a_refused_sign_up_leads_to_its_fields(open_page: Open) -> None:
    page = open_page(refusal=422)
    page.goto("/sign-up")
    page.get_by_label("Your name").fill("Lena Maier")
    page.get_by_label("Password").fill("qwertyuiop")
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_role("link", name="Enter an e-mail address").click()
    expect(page.get_by_label("E-mail address")).to_be_focused()
