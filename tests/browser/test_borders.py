"""What a real browser makes of our borders: where it is led, what it may do, and whose scripts may read what."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import hypothesis
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.web.guards import safe_next
from tests.browser.conftest import ADMIN, Open
from tests.pages import market
from tests.web.test_guards import targets

pytestmark = pytest.mark.browser

_WHERE_TO = """
targets => targets.filter(target => {
  const there = new URL(target, location.href);
  return there.origin !== location.origin;
})
"""
_CALL = """
async ([url, token, etag]) => {
  const headers = { Authorization: `Bearer ${token}`, ...(etag && { 'If-None-Match': etag }) };
  const answer = await fetch(url, { headers, cache: 'no-store' });
  return [answer.status, answer.headers.get('ETag'), answer.headers.get('X-Request-Id')];
}
"""


def end_sessions() -> None:
    with db.transaction() as session:
        session.execute(text("UPDATE person_session SET ended_at = now()"))


def test_a_session_that_ended_leads_htmx_to_the_sign_in_and_back_to_the_page(open_page: Open) -> None:
    page = open_page(ADMIN)
    page.goto("/admin/payments?status=completed")
    end_sessions()
    page.get_by_label("Search payments").fill("elena")
    expect(page).to_have_title("Sign in · Azora")
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/admin/payments\?status%3Dcompleted$"))
    assert page.locator("#results").count() == 0, "the sign-in is a page, not a part of the list"
    page.get_by_label("E-mail address").fill(ADMIN)
    page.get_by_label("Password").fill(market.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/admin/payments\?status=completed$"))


def test_a_page_that_refreshes_itself_leads_to_the_sign_in_when_the_session_ends(open_page: Open) -> None:
    page = open_page()
    page.clock.install()
    from tests.browser.conftest import sign_in

    sign_in(page, ADMIN)
    end_sessions()
    page.clock.fast_forward(10_500)
    expect(page).to_have_url(re.compile(r"/sign-in\?next=/admin/$"))


def test_a_form_sent_after_another_sign_in_says_that_it_is_too_old(open_page: Open) -> None:
    page = open_page(ADMIN, refusal=400, java_script_enabled=False)
    page.goto("/admin/payments")
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.context.clear_cookies()
    page.get_by_label("E-mail address").fill(ADMIN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This form is too old")
    page.get_by_role("link", name="Open the page again").click()
    expect(page).to_have_url(re.compile(r"/sign-in$"))


@pytest.fixture(scope="module")
def reader(chromium: Browser) -> Iterator[Page]:
    """A page at an address like ours, to read addresses as the browser does."""
    context = chromium.new_context()
    page = context.new_page()
    page.route("**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto("http://azora.test/sign-in")
    yield page
    context.close()


@hypothesis.settings(max_examples=60)
@given(st.lists(targets, min_size=20, max_size=60))
def test_no_next_page_that_we_accept_leads_a_browser_elsewhere(reader: Page, asked: list[str]) -> None:
    accepted = [target for target in asked if safe_next(target) is not None]
    assert reader.evaluate(_WHERE_TO, accepted) == []


def test_the_browser_reads_addresses_as_badly_as_we_think(reader: Page) -> None:
    known = [
        "//evil.test",
        "/\\evil.test",
        "/\t/evil.test",
        "/\n\\evil.test",
        "\\\\evil.test",
        "https:evil.test",
    ]
    assert reader.evaluate(_WHERE_TO, known) == known
    assert [safe_next(target) for target in known] == [None] * len(known)


def test_a_page_may_do_nothing_that_it_does_not_need(open_page: Open) -> None:
    said: list[str] = []
    page = open_page()
    page.on("console", lambda message: said.append(message.text))
    page.goto("/sign-in")
    allowed = set(page.evaluate("document.featurePolicy.allowedFeatures()"))
    assert {"clipboard-write", "publickey-credentials-get", "publickey-credentials-create"} <= allowed
    assert not allowed & set(
        "camera microphone geolocation payment usb serial hid midi clipboard-read display-capture gyroscope "
        "magnetometer accelerometer local-fonts window-management idle-detection storage-access sync-xhr".split()
    )
    assert said == [], "the browser knows every name in the header"


class _Empty(BaseHTTPRequestHandler):
    """An empty page of another site."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Another site</title>")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@pytest.fixture
def other_site() -> Iterator[str]:
    """Another site on a port of its own, which is another origin. Its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Empty)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def app(settings: Settings, database: db.Database, other_site: str) -> Flask:
    """The application, which lets the other site's scripts call its API."""
    return create_app(settings.model_copy(update={"cors_origins": (other_site,)}))


def test_a_script_of_an_origin_that_is_named_reads_the_api_and_asks_conditionally(
    app: Flask, served: str, other_site: str, context: Callable[..., BrowserContext]
) -> None:
    (learner,) = market.add_learners([1])
    from azora_admin.identity.queries import get_person
    from tests.api.callers import bearer

    with db.reading() as session:
        token = bearer(app, get_person(session, learner))["Authorization"].removeprefix("Bearer ")
    page = context().new_page()
    page.goto(other_site)
    status, etag, request_id = page.evaluate(_CALL, [f"{served}/api/v1/me", token, None])
    assert (status, bool(etag), bool(request_id)) == (200, True, True)
    assert page.evaluate(_CALL, [f"{served}/api/v1/me", token, etag])[:2] == [304, etag]
    assert page.evaluate(_CALL, [f"{served}/api/v1/me", "wrong", None])[0] == 401
    for path in ("/healthz", "/sign-in"):
        with pytest.raises(Exception, match="Failed to fetch"):
            page.evaluate(_CALL, [f"{served}{path}", token, None])


def test_a_script_of_any_other_origin_reads_nothing(
    served: str, other_site: str, context: Callable[..., BrowserContext]
) -> None:
    page = context().new_page()
    page.goto(other_site.replace("127.0.0.1", "localhost"))
    with pytest.raises(Exception, match="Failed to fetch"):
        page.evaluate(_CALL, [f"{served}/api/v1/courses", "", None])
