"""The ways through the pages, with script and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ADMIN, ELENA, PRIYA, Open, Scene
from tests.pages import market

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("script", [True, False], ids=["script", "no script"]),
]


def search(page: Page, text: str) -> None:
    """Type and, where nothing happens by itself, press Enter."""
    field = page.get_by_label("Search payments")
    field.fill(text)
    field.press("Enter")


def test_a_wrong_password_is_told_and_the_right_one_lets_in(open_page: Open, script: bool) -> None:
    page = open_page(java_script_enabled=script, refusal=422)
    page.goto("/admin/payments?status=failed")
    page.get_by_label("E-mail address").fill(ADMIN)
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The e-mail address or the password is not right.")
    expect(page).to_have_title("Error: Sign in · Azora")
    expect(page.get_by_label("E-mail address")).to_have_value(ADMIN)
    page.get_by_label("Password").fill(market.PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page).to_have_url(re.compile(r"/admin/payments\?status=failed$"))


def test_staff_goes_from_the_overview_to_the_entry_behind_a_number(
    open_page: Open, scene: Scene, script: bool
) -> None:
    page = open_page(ADMIN, java_script_enabled=script)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Amara")
    expect(page.get_by_role("link", name="1 Stripe event parked")).to_be_visible()
    page.get_by_role("link", name="Payments", exact=True).click()
    expect(page.locator("#results tbody tr")).to_have_count(25)
    search(page, "elena")
    expect(page.locator("#results tbody tr")).to_have_count(3)
    expect(page).to_have_url(re.compile(r"/admin/payments\?q=elena"))
    page.get_by_role("link", name="Failed").click()
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#results")).to_contain_text("The card has insufficient funds.")
    page.get_by_role("link", name="Succeeded").click()
    expect(page.locator("#results")).to_contain_text("$400,000.00")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.locator("#results .row-link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("$400,000.00")
    page.locator("#ledger-h").wait_for()
    page.get_by_role("link", name="$280,000.00").first.click()
    expect(page).to_have_url(re.compile(f"/admin/entries/{scene.sale}$"))
    expect(page.get_by_text("split/1")).to_be_visible()
    expect(page.get_by_text("payment_intent.succeeded")).to_be_visible()


def test_a_list_is_paged_onward_and_back(open_page: Open, scene: Scene, script: bool) -> None:
    page = open_page(ADMIN, java_script_enabled=script)
    page.goto("/admin/payments")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#results tbody tr")).to_have_count(7)
    expect(page).to_have_url(re.compile("after="))
    page.get_by_role("link", name="Previous").click()
    expect(page.locator("#results tbody tr")).to_have_count(25)


def test_a_search_without_a_match_can_be_cleared(open_page: Open, script: bool) -> None:
    page = open_page(ADMIN, java_script_enabled=script)
    page.goto("/admin/payments")
    search(page, "kovaks")
    expect(page.get_by_role("heading", name="No payments match “kovaks”")).to_be_visible()
    page.get_by_role("link", name="Clear filters").click()
    expect(page.locator("#results tbody tr")).to_have_count(25)
    expect(page.get_by_label("Search payments")).to_have_value("")


def test_filters_are_chosen_in_their_menus(open_page: Open, script: bool) -> None:
    page = open_page(ADMIN, java_script_enabled=script)
    page.goto("/admin/payments")
    page.get_by_role("button", name="Status").click()
    page.get_by_label("Failed").check()
    page.locator("#by-status").get_by_role("button", name="Apply").click()
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Date").click()
    page.get_by_label("Today").check()
    page.locator("#by-date").get_by_role("button", name="Apply").click()
    expect(page.get_by_role("heading", name="No payments match these filters")).to_be_visible()
    page.get_by_label("Remove the filter on date").click()
    expect(page.locator("#results tbody tr")).to_have_count(1)


def test_an_instructor_reads_earnings_and_pages_through_the_statement(open_page: Open, script: bool) -> None:
    page = open_page(PRIYA, java_script_enabled=script)
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Priya")
    page.get_by_role("navigation").get_by_role("link", name="Earnings").click()
    expect(page.get_by_text("$960.40").filter(visible=True).first).to_be_visible()
    expect(page.locator("#statement tbody tr")).to_have_count(15)
    page.get_by_role("link", name="Next").click()
    expect(page.locator("#statement tbody tr")).to_have_count(14)
    page.get_by_text("View as table").click()
    expect(page.get_by_role("row", name="Month Sales You earned")).to_be_visible()


def test_a_learner_sees_why_a_payment_failed_and_signs_out(open_page: Open, script: bool) -> None:
    page = open_page(ELENA, java_script_enabled=script)
    expect(page.get_by_role("heading", level=1)).to_have_text("Elena Kovacs")
    expect(page.locator("#my-payments")).to_contain_text("The card has insufficient funds.")
    page.get_by_role("button", name="Elena Kovacs").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.goto("/account/")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))


def test_a_theme_is_chosen_and_stays(open_page: Open, script: bool) -> None:
    page = open_page(ADMIN, java_script_enabled=script)
    page.get_by_role("button", name="Amara Nwosu").click()
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/admin/payments")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_on_a_phone_the_side_bar_opens_over_the_page(open_page: Open, script: bool) -> None:
    page = open_page(ADMIN, java_script_enabled=script, viewport={"width": 375, "height": 800})
    expect(page.get_by_role("link", name="Stripe events")).not_to_be_visible()
    page.get_by_role("button", name="Open navigation").click()
    page.get_by_role("link", name="Stripe events", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stripe events")


def test_staff_finds_a_parked_event_rehearses_it_and_leaves_it(open_page: Open, script: bool) -> None:
    page = open_page(ADMIN, java_script_enabled=script)
    page.get_by_role("link", name="1 Stripe event parked").click()
    expect(page).to_have_url(re.compile(r"/admin/events\?state=parked$"))
    page.get_by_role("link", name="All", exact=True).click()
    page.get_by_role("heading", name="Parked").wait_for()
    page.locator("#parked-evt_parked .row-link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("charge.updated")
    page.get_by_role("button", name="Replay…").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Replay this event?")
    # Nobody is Stripe here.
    expect(page.get_by_text("It would fail again")).to_be_visible()
    page.get_by_role("link", name="Back to the event").click()
    page.get_by_label("Reason").fill("Made by hand in the dashboard.")
    page.get_by_role("button", name="Leave it").click()
    expect(page.get_by_text("The event is left as it is.")).to_be_visible()
    expect(page.locator(".line-time").first).to_contain_text("Made by hand in the dashboard.")
    page.get_by_role("link", name="payment_intent.succeeded").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("payment_intent.succeeded")
    page.get_by_role("link", name="$400,000.00").first.click()
    expect(page).to_have_url(re.compile("/admin/(payments|entries)/"))
