"""axe finds nothing on any page, light or dark, desk or phone, closed or open; and nothing needs sideways scrolling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.architecture.source import ROOT
from tests.browser.conftest import ADMIN, ELENA, PRIYA, Open, Scene

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The dark theme is the same page in other colours.
COLOURS = ["color-contrast", "link-in-text-block"]
# A phone shows the same page in another order and size.
OF_THE_LAYOUT = [
    "color-contrast",
    "target-size",
    "scrollable-region-focusable",
    "link-in-text-block",
    "region",
]
PARTS = 2
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 375, "height": 812}
# axe sees the page behind a menu through it, so an open menu is looked at by itself.
OPENED = ":popover-open"
SIDEWAYS = """() => [...document.querySelectorAll('.tbl-wrap')].filter(one => one.scrollWidth > one.clientWidth)
  .map(one => one.querySelector('caption').textContent)"""
# What is folded away is laid out when it is opened.
UNFOLD = "() => { for (const one of document.querySelectorAll('main details')) one.open = true }"
# The reference repeats its panels a hundred times: in other colours and sizes a dozen of them tell as much.
A_DOZEN = "() => [...document.querySelectorAll('main > .panel')].slice(12).forEach(one => one.remove())"
REFUNDING = [
    "/admin/refunds/requests",
    "/admin/refunds/bulk",
    "/admin/refunds/bulk/new?all=1",
    "/admin/refunds/policy",
]
CREDENTIALS = [
    "/account/email",
    "/account/password",
    "/account/security/",
    "/account/security/keys/new",
    "/account/security/factors/",
    "/account/security/factors/app",
    "/account/security/factors/passkey",
    "/account/security/factors/recovery-codes",
    "/sign-in/again",
]
# What containers ask for is laid out a frame later than the window.
A_FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# A theme fades in; what fades is in neither theme's colours.
UNTIL_NOTHING_FADES = """async () => {
  const frame = () => new Promise(done => requestAnimationFrame(done));
  await frame();
  await Promise.allSettled(document.getAnimations().map(one => one.finished));
  await frame();
}"""
AXE = (ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def pages(scene: Scene) -> dict[str | None, Sequence[str]]:
    """Every page with its audience, and the states that differ most."""
    return {
        None: ["/sign-in", "/sign-up", "/forgot", "/demo/mailbox", "/api/docs"],
        ADMIN: [
            "/admin/",
            "/admin/?days=90",
            "/admin/payments",
            "/admin/payments?q=elena&status=failed&status=completed&dates=90d",
            "/admin/payments?q=nothing",
            f"/admin/payments/{scene.paid}",
            f"/admin/payments/{scene.refused}",
            f"/admin/payments/{scene.open}",
            f"/admin/documents/{scene.credit_note}",
            f"/admin/entries/{scene.sale}",
            f"/admin/payments/{scene.refunded}",
            f"/admin/payments/{scene.refunded}/refund",
            "/admin/refunds",
            "/admin/refunds?state=open",
            "/admin/disputes",
            "/admin/disputes?state=lost",
            f"/admin/disputes/{scene.disputed}",
            f"/admin/disputes/{scene.disputed}/answer",
            "/admin/payments/exports",
            f"/admin/payments/exports/{scene.exported}",
            "/admin/reconciliation",
            "/admin/reconciliation/differences",
            "/admin/reconciliation/differences?state=explained",
            f"/admin/reconciliation/differences/{scene.differing}",
            *REFUNDING,
            f"/admin/refunds/requests/{scene.asked}",
            "/admin/events",
            *_outgoing(scene),
            "/admin/people",
            "/admin/people?q=nobody",
            f"/admin/people/{scene.elena}",
            "/admin/people?role=machine",
            "/admin/machines/new",
            f"/admin/people/{scene.machine}",
            f"/admin/machines/{scene.machine}/keys",
            "/admin/permissions",
            "/jump",
            "/jump?q=elena",
            "/jump?q=nothing",
            "/keys",
            "/admin/events?state=ignored",
            "/admin/events?q=evt_nothing&type=charge.updated&by=backfill&dates=90d",
            "/admin/events/evt_paid",
            "/admin/events/evt_parked",
            "/admin/audit",
            "/admin/audit?q=nothing&via=page&dates=90d&act=person.signed_in",
            f"/admin/audit?actor={scene.elena}&kind=person&subject={scene.elena}",
            f"/admin/audit/{scene.changed}",
        ],
        PRIYA: ["/instructor/", "/instructor/earnings"],
        "long@market.test": ["/instructor/", "/instructor/earnings", "/account/"],
        ELENA: [*_own_pages(scene), *CREDENTIALS],
    }


def _outgoing(scene: Scene) -> Sequence[str]:
    """What leaves us, and the jobs that failed."""
    return [
        "/admin/operations",
        f"/admin/operations/payment/{scene.open}",
        "/admin/operations/jobs",
        f"/admin/operations/jobs/{scene.failed_job}",
    ]


def _own_pages(scene: Scene) -> Sequence[str]:
    """What a payer sees of their payments."""
    return [
        "/account/",
        "/account/cards",
        f"/account/payments/{scene.paid}",
        f"/account/payments/{scene.paid}/refund",
        f"/account/documents/{scene.receipt}",
    ]


def problems(page: Page, *, within: str = "html", rules: Sequence[str] = ()) -> list[str]:
    """What axe finds by ``rules``, or by all of them, each with where and why."""
    looked_for = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": RULES}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(
        "([root, rules]) => axe.run(root, {runOnly: rules, resultTypes: ['violations']})",
        [within, looked_for],
    )
    return [
        f"{page.url}: {violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def problems_in_the_dark(page: Page) -> list[str]:
    """What axe finds in the colours of the dark theme, once they are no longer changing."""
    page.emulate_media(color_scheme="dark")
    page.evaluate(UNTIL_NOTHING_FADES)
    found = problems(page, rules=COLOURS)
    page.emulate_media(color_scheme="light")
    return found


@contextmanager
def on_a_phone(page: Page) -> Iterator[None]:
    """The page that is open, on a small screen that is touched."""
    touched = page.context.new_cdp_session(page)
    touched.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1})
    page.set_viewport_size(PHONE)
    page.evaluate(A_FRAME)
    assert page.evaluate("matchMedia('(pointer: coarse)').matches")
    yield
    touched.send("Emulation.setTouchEmulationEnabled", {"enabled": False})
    touched.detach()
    page.set_viewport_size(DESK)


def sideways(page: Page, path: str) -> list[str]:
    """Where ``page`` or a table in it is wider than its place, with everything in it unfolded."""
    wide: list[str] = []
    page.evaluate(UNFOLD)
    for width in (320, 375, 768, 1024):
        page.set_viewport_size({"width": width, "height": 800})
        page.evaluate(A_FRAME)
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wide.append(f"{path} at {width}")
        wide += [f"{path} at {width}: {place}" for place in page.evaluate(SIDEWAYS)]
    return wide


def part_of(scene: Scene, part: int) -> dict[str | None, Sequence[str]]:
    """Every page with its audience, in parts that are walked side by side."""
    return {email: paths[part::PARTS] for email, paths in pages(scene).items()}


@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_nothing_on_any_page_and_none_scrolls_sideways(
    open_page: Open, scene: Scene, part: int
) -> None:
    found: list[str] = []
    for email, paths in part_of(scene, part).items():
        page = open_page(email, color_scheme="light", viewport=DESK)
        for path in paths:
            page.goto(path)
            found += problems(page)
            with on_a_phone(page):
                found += sideways(page, path)
                page.evaluate(A_DOZEN)
                page.set_viewport_size(PHONE)
                found += problems(page, rules=OF_THE_LAYOUT)
            found += problems_in_the_dark(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_what_opens(open_page: Open, theme: str) -> None:
    page = open_page(ADMIN, color_scheme=theme)
    found: list[str] = []
    for opener in ("Amara Nwosu", "Azora Marketplace admin", "Period: Last 28 days"):
        page.goto("/admin/")
        page.get_by_role("button", name=opener).click()
        found += problems(page, within=OPENED)
    page.goto("/admin/")
    page.get_by_text("View as table").click()
    page.locator("[data-plot]").focus()
    page.keyboard.press("ArrowLeft")
    found += problems(page)
    page.goto("/admin/audit")
    page.get_by_role("button", name="Change", exact=True).click()
    found += problems(page, within=OPENED)
    for opener in ("Status", "Date"):
        page.goto("/admin/payments")
        page.get_by_role("button", name=opener).click()
        found += problems(page, within=OPENED)
    narrow = open_page(ADMIN, color_scheme=theme, viewport=PHONE)
    narrow.get_by_role("button", name="Open navigation").click()
    found += problems(narrow, within=OPENED)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_a_refused_form_or_an_error(open_page: Open, theme: str) -> None:
    page = open_page(color_scheme=theme, refusal=422)
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert problems(page) == []


def test_the_first_tab_skips_to_the_content(open_page: Open) -> None:
    page = open_page(ADMIN)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_escape_closes_a_menu_and_gives_the_focus_back(open_page: Open) -> None:
    page = open_page(ADMIN)
    opener = page.get_by_role("button", name="Amara Nwosu")
    opener.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).not_to_be_visible()
    expect(opener).to_be_focused()
