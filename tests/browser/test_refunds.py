"""A refund in a real browser: in the drawer with script, on its page without, and the queue."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from azora_admin.app import create_app
from azora_admin.payments.rules.refunds import Limits
from tests.browser.conftest import ADMIN, Open
from tests.browser.test_access_for_all import problems
from tests.refunding import sold
from tests.selling import Shop

pytestmark = pytest.mark.browser


@pytest.fixture
def app(shop: Shop) -> Flask:
    """The whole application, with the stand-in behind it and a low limit."""
    return create_app(shop.settings.model_copy(update={"refund_alone_limit": 20}))


def choose_part(page: Page, amount: str) -> None:
    page.get_by_label("Part of it").check()
    page.get_by_label("Amount to refund").fill(amount)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_with_script_a_part_is_previewed_while_it_is_typed_and_refunded_in_the_drawer(
    open_page: Open, shop: Shop, theme: str
) -> None:
    payment_id = sold(shop)
    page = open_page(ADMIN, color_scheme=theme, refusal=422)
    page.goto(f"/admin/payments/{payment_id}")
    page.get_by_role("link", name="Refund…").click()
    drawer = page.get_by_role("dialog", name="Refund payment")
    expect(drawer.get_by_role("button", name="Ask for approval $49.00")).to_be_visible()
    choose_part(page, "12.34")
    expect(drawer.get_by_role("button", name="Refund $12.34")).to_be_visible()
    expect(drawer.get_by_text("−$8.64")).to_be_visible()
    assert problems(page, within="#refund") == []
    choose_part(page, "50")
    expect(drawer.locator("#reversal")).to_contain_text("Enter an amount up to $49.00")
    drawer.get_by_role("button", name="Refund").click()
    expect(drawer.get_by_role("alert")).to_contain_text("Enter an amount up to $49.00")
    assert problems(page, within="#refund") == []
    choose_part(page, "12.34")
    drawer.get_by_role("button", name="Refund $12.34").click()
    expect(page.get_by_text("$12.34 went back to the learner.")).to_be_visible()
    assert [one.amount for one in shop.refunds_at_stripe()] == [1234]


def test_the_drawer_closes_and_gives_the_focus_back(open_page: Open, shop: Shop) -> None:
    payment_id = sold(shop)
    page = open_page(ADMIN)
    page.goto(f"/admin/payments/{payment_id}")
    page.get_by_role("link", name="Refund…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("link", name="Refund…")).to_be_focused()


def test_without_script_the_same_is_done_on_a_page_and_approved_in_the_queue(
    open_page: Open, shop: Shop
) -> None:
    payment_id = sold(shop)
    page = open_page(ADMIN, java_script_enabled=False)
    page.goto(f"/admin/payments/{payment_id}")
    page.get_by_role("link", name="Refund…").click()
    choose_part(page, "19")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("−$13.30")).to_be_visible()
    page.get_by_role("button", name="Refund $19.00").click()
    expect(page.get_by_text("$19.00 went back to the learner.")).to_be_visible()
    shop.refund(payment_id, limits=_nothing_alone())
    page.goto("/admin/refunds?state=waiting")
    page.get_by_role("button", name="Approve $30.00").click()
    expect(page.get_by_text("The refund of $30.00 is approved.")).to_be_visible()
    (payment,) = [one for one in shop.payments() if one.id == payment_id]
    assert payment.status == "refunded"


def _nothing_alone() -> Limits:
    return Limits(support=0, alone=0)
