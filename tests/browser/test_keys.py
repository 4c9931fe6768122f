"""The palette and the keys, with a keyboard alone; and the search page for whoever has no script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ADMIN, Open, Scene

pytestmark = pytest.mark.browser


def test_the_palette_finds_a_person_and_leads_there_by_keyboard_alone(open_page: Open, scene: Scene) -> None:
    page = open_page(ADMIN)
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Page, person or payment")
    expect(field).to_be_focused()
    expect(page.get_by_role("option", name="Payments")).to_be_visible()
    field.press_sequentially("kova", delay=20)
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("option", selected=True)).to_contain_text("Elena Kovacs")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/admin/people/{scene.elena}$"))


def test_arrows_walk_the_lines_and_the_field_says_which_one(open_page: Open) -> None:
    page = open_page(ADMIN)
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox")
    expect(page.get_by_role("option").nth(2)).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option").nth(1)).to_have_attribute("aria-selected", "true")
    expect(field).to_have_attribute("aria-activedescendant", "option-2")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")


def test_the_palette_closes_by_escape_and_gives_the_focus_back(open_page: Open) -> None:
    page = open_page(ADMIN)
    page.get_by_role("link", name="Payments").first.focus()
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).not_to_be_visible()
    expect(page.get_by_role("link", name="Payments").first).to_be_focused()


def test_letters_lead_to_pages_rows_and_the_search(open_page: Open) -> None:
    page = open_page(ADMIN)
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile(r"/admin/payments$"))
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("main .row-link").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("main .row-link").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Search payments")).to_be_focused()
    page.keyboard.type("gu?")
    expect(page.get_by_label("Search payments")).to_have_value("gu?")
    page.goto("/admin/")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys")


def test_single_letters_can_be_turned_off(open_page: Open) -> None:
    page = open_page(ADMIN)
    page.goto("/keys")
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Turn on")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile(r"/keys$"))
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()


def test_without_script_the_jump_box_leads_to_a_page_of_what_was_found(open_page: Open) -> None:
    page = open_page(ADMIN, java_script_enabled=False)
    page.get_by_label("Search or jump to a page, a person or a payment").fill("kova")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
    page.get_by_role("link", name="Elena Kovacs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Elena Kovacs")
