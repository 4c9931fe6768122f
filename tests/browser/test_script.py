"""What script adds: searching as one types, pages that refresh themselves, charts that can be read."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ADMIN, Open, Scene
from tests.pages import market

pytestmark = pytest.mark.browser


def test_a_list_follows_the_typing_and_the_field_keeps_focus_and_cursor(open_page: Open) -> None:
    page = open_page(ADMIN)
    page.goto("/admin/payments")
    field = page.get_by_label("Search payments")
    field.press_sequentially("elena", delay=20)
    expect(page.locator("#results tbody tr")).to_have_count(3)
    expect(field).to_be_focused()
    expect(page).to_have_url(re.compile(r"/admin/payments\?q=elena$"))
    expect(page.locator("#payment-tabs")).to_contain_text("Failed1")
    expect(page.get_by_role("status").filter(has_text="3 of 3 payments shown")).to_be_attached()


def test_back_restores_the_whole_page_with_what_was_typed(open_page: Open) -> None:
    page = open_page(ADMIN)
    page.goto("/admin/payments")
    page.get_by_label("Search payments").fill("elena")
    expect(page.locator("#results tbody tr")).to_have_count(3)
    page.get_by_role("link", name="Failed").click()
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.go_back()
    expect(page.locator("#results tbody tr")).to_have_count(3)
    expect(page.get_by_label("Search payments")).to_have_value("elena")
    expect(page.get_by_role("heading", level=1)).to_have_text("Payments")


def test_the_overview_shows_a_sale_that_was_made_meanwhile(open_page: Open, scene: Scene) -> None:
    page = open_page()
    page.clock.install()
    from tests.browser.conftest import sign_in

    sign_in(page, ADMIN)
    page.get_by_text("View as table").click()
    (learner,) = market.add_learners([77])
    market.pay(learner, scene.rust)
    expect(page.get_by_text("learner77@market.test")).not_to_be_visible()
    page.clock.fast_forward(10_500)
    expect(page.get_by_text("learner77@market.test")).to_be_visible()
    expect(page.get_by_role("region", name="Gross volume per day")).to_be_visible()


def test_an_open_payment_becomes_paid_before_ones_eyes_and_then_rests(open_page: Open, scene: Scene) -> None:
    page = open_page(ADMIN)
    page.clock.install()
    page.goto(f"/admin/payments/{scene.open}")
    expect(page.locator(".head .pill")).to_have_text("Waiting")
    market.hear(scene.elena, scene.open, scene.rust, status="succeeded", fee=172)
    page.clock.fast_forward(3_500)
    expect(page.locator(".head .pill")).to_have_text("Succeeded")
    expect(page.locator("#story")).not_to_have_attribute("hx-trigger", re.compile("every"))


def test_a_chart_is_read_with_the_arrow_keys(open_page: Open) -> None:
    page = open_page(ADMIN)
    plot = page.locator("[data-plot]")
    plot.focus()
    page.keyboard.press("ArrowLeft")
    expect(plot.locator(".tip")).to_be_visible()
    expect(plot.locator(".tip")).to_contain_text("This period")
    page.keyboard.press("Home")
    expect(page.locator("[aria-live]").filter(has_text="Previous")).to_be_attached()
    page.keyboard.press("Escape")
    expect(plot.locator(".tip")).not_to_be_visible()


def test_a_day_that_is_typed_chooses_the_range(open_page: Open) -> None:
    page = open_page(ADMIN)
    page.goto("/admin/payments")
    page.get_by_role("button", name="Date").click()
    page.get_by_label("From", exact=True).fill("2020-01-01")
    expect(page.get_by_label("Between")).to_be_checked()
    page.locator("#by-date").get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"\?from=2020-01-01$"))


def test_when_the_session_ended_a_search_leads_to_the_door_and_back(open_page: Open) -> None:
    page = open_page(ADMIN)
    page.goto("/admin/payments?status=failed")
    page.context.clear_cookies()
    page.get_by_label("Search payments").fill("elena")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/admin/payments"))


def test_a_lost_connection_is_told(open_page: Open, scene: Scene) -> None:
    page = open_page(ADMIN, refusal=500)
    page.goto("/admin/payments")
    page.route(
        "**/admin/payments?*", lambda route: route.fulfill(status=500, headers={"X-Request-Id": "req_told"})
    )
    page.get_by_label("Search payments").fill("elena")
    expect(page.locator("#toasts")).to_contain_text("That did not work")
    expect(page.locator("#toasts")).to_contain_text("req_told")


def settled(page: Page) -> None:
    """Wait until htmx has seen what it swapped in: for 20 ms its links and forms are plain ones."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


def test_what_is_swapped_stands_on_the_page_once_and_the_focus_stays_where_it_was(open_page: Open) -> None:
    page = open_page(ADMIN)
    page.goto("/admin/payments")
    tab = page.get_by_role("link", name="Failed")
    tab.press("Enter")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#results")).to_have_count(1)
    expect(tab).to_be_focused()
    settled(page)
    page.get_by_role("button", name="Date").click()
    page.get_by_label("Last 90 days").check()
    page.locator("#by-date").get_by_role("button", name="Apply").press("Enter")
    expect(page.get_by_role("button", name="Date Last 90 days")).to_be_focused()
    settled(page)
    page.get_by_label("Remove the filter on status").press("Enter")
    expect(page.locator("#results tbody tr")).to_have_count(25)
    expect(page.locator("#results")).to_have_count(1)
    expect(page.get_by_role("button", name="Status")).to_be_focused()
