"""The audit log in a browser: searched, filtered, read and taken away, with script and without."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ADMIN, LONG_NAME, Open, Scene

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("script", [True, False], ids=["script", "no script"]),
]


def test_a_change_is_found_read_and_followed_to_whoever_made_it(
    open_page: Open, scene: Scene, script: bool
) -> None:
    page = open_page(ADMIN, java_script_enabled=script)
    page.get_by_role("link", name="Audit log", exact=True).click()
    field = page.get_by_label("Search the audit log").get_by_role("searchbox")
    field.fill("person changed")
    field.press("Enter")
    expect(page).to_have_url(re.compile(r"/admin/audit\?q=person(\+|%20)changed"))
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Person changed").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Person changed")
    expect(page.locator("#changes del")).to_contain_text(["−before: $49.00", "−before: support"])
    page.get_by_role("link", name="Everything they did").click()
    expect(page).to_have_url(re.compile(rf"/admin/audit\?actor={scene.elena}$"))
    expect(page.get_by_text(f"By {LONG_NAME}")).to_be_visible()


def test_a_filter_is_chosen_from_its_menu_and_taken_away_again(
    open_page: Open, scene: Scene, script: bool
) -> None:
    page = open_page(ADMIN, java_script_enabled=script)
    page.goto(f"/admin/audit?subject={scene.elena}")
    page.get_by_role("button", name="Way", exact=True).click()
    page.get_by_role("radio", name="By the API").check()
    page.locator("#by-via").get_by_role("button", name="Apply").click()
    expect(page).to_have_url(re.compile(r"/admin/audit\?.*via=api"))
    expect(page).to_have_url(re.compile(rf"subject={scene.elena}"))
    expect(page.locator("#results tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Remove the filter on way").click()
    expect(page).to_have_url(re.compile(rf"/admin/audit\?subject={scene.elena}$"))


def test_what_is_shown_is_taken_away_as_a_file(
    open_page: Open, scene: Scene, script: bool, tmp_path: Path
) -> None:
    page = open_page(ADMIN, java_script_enabled=script)
    page.goto("/admin/audit?q=person+changed")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export CSV").click()
    file = tmp_path / "audit.csv"
    waiting.value.save_as(file)
    assert re.fullmatch(r"audit-[\d-]+\.csv", waiting.value.suggested_filename)
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    assert str(scene.changed) in lines[1]
