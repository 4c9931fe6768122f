"""Every form needs the token of its session: walked over all routes, so that a new one can't forget it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.identity.rules import PEOPLE
from azora_admin.web import forgery
from azora_admin.web.errors import MACHINE_PREFIXES
from tests.pages import market
from tests.pages.conftest import Browser, form_token

NO_ID = UUID(int=0)
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://localhost/account/?after=x"}


@pytest.fixture
def everybody(browser: Browser) -> FlaskClient:
    """A browser in which somebody with every role is signed in."""
    market.add_person("everybody@market.test", "Every Body", *PEOPLE)
    return browser("everybody@market.test")


def forms(app: Flask) -> list[tuple[str, str]]:
    """Method and address of all that a page can change."""
    return list(_forms(app))


def _forms(app: Flask) -> Iterator[tuple[str, str]]:
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(MACHINE_PREFIXES):
            continue
        for method in sorted((rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}):
            yield method, adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, NO_ID), method=method)


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/account/").status_code == 200


def test_no_form_counts_without_the_token_of_its_session(app: Flask, everybody: FlaskClient) -> None:
    token = form_token(everybody.get("/account/").text)
    another = form_token(app.test_client().get("/sign-in").text)
    found = forms(app)
    assert len(found) >= 3
    for method, address in found:
        for sent in ({}, {"csrf_token": ""}, {"csrf_token": another}, {"csrf_token": token[:-8]}):
            answer = everybody.open(address, method=method, data=sent)
            assert (answer.status_code, address) == (400, address)
            assert "This form is too old" in answer.text
    assert is_signed_in(everybody)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "x", ""])
def test_no_form_from_another_site_counts_even_with_the_token(
    app: Flask, everybody: FlaskClient, site: str
) -> None:
    data = {"csrf_token": form_token(everybody.get("/account/").text)}
    for method, address in forms(app):
        answer = everybody.open(address, method=method, data=data, headers={"Sec-Fetch-Site": site})
        assert (answer.status_code, address) == (400, address)
    assert is_signed_in(everybody)


@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_a_form_of_ours_counts_however_a_browser_tells_of_it(
    everybody: FlaskClient, site: str | None
) -> None:
    data = {"csrf_token": form_token(everybody.get("/account/").text)}
    headers = {} if site is None else {"Sec-Fetch-Site": site}
    assert everybody.post("/sign-out", data=data, headers=headers).location == "/sign-in"


def test_under_htmx_a_form_that_is_too_old_fetches_the_page_anew(app: Flask, everybody: FlaskClient) -> None:
    for method, address in forms(app):
        answer = everybody.open(address, method=method, headers=HTMX)
        assert (answer.status_code, answer.data, address) == (204, b"", address)
        assert answer.headers["HX-Redirect"] == "/sign-in?next=/account/?after%3Dx"
    assert everybody.get(answer.headers["HX-Redirect"]).location == "/account/?after=x"


def test_a_form_that_is_too_old_says_so_and_leads_back_to_its_page(everybody: FlaskClient) -> None:
    referrer = "http://localhost/account/?after=x"
    page = everybody.post("/sign-out", headers={"Referer": referrer}).text
    assert "Nothing was changed." in page
    assert '<a class="btn btn--primary" href="/account/?after=x">Open the page again</a>' in page
    for foreign in ("https://evil.test/account/", "http://localhost//evil.test", "http://[x", "x", ""):
        page = everybody.post("/sign-out", headers={"Referer": foreign}).text
        assert "evil" not in page
        assert "Go to your first page" in page


def test_whoever_is_not_signed_in_any_more_is_led_back_to_the_page_of_the_form(
    app: Flask, everybody: FlaskClient
) -> None:
    with db.transaction() as session:
        session.execute(text("UPDATE person_session SET ended_at = now()"))
    guarded = [form for form in forms(app) if form[1].startswith(("/admin", "/instructor", "/account"))]
    for method, address in [*guarded, ("GET", "/admin/payments")]:
        under = everybody.open(address, method=method, headers=HTMX)
        assert (under.status_code, under.data) == (204, b"")
        assert under.headers["HX-Redirect"] == "/sign-in?next=/account/?after%3Dx"
    for method, address in guarded:
        plain = everybody.open(address, method=method, headers={"Referer": "http://localhost/account/"})
        assert (plain.status_code, plain.location) == (303, "/sign-in?next=/account/")


def test_a_boosted_request_is_led_to_the_sign_in_too(client: FlaskClient) -> None:
    answer = client.get("/admin/payments?q=x", headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in?next=/admin/payments?q%3Dx")


@pytest.mark.parametrize(
    "current",
    ["http://evil.test//evil.test/", "http://localhost/\\evil.test", "http://[x", "javascript:x", ""],
)
def test_htmx_can_not_be_made_to_lead_elsewhere(client: FlaskClient, current: str) -> None:
    answer = client.get("/admin/", headers={"HX-Request": "true", "HX-Current-URL": current})
    assert answer.headers["HX-Redirect"] == "/sign-in"


def test_a_token_looks_different_in_every_page_and_counts_in_each(everybody: FlaskClient) -> None:
    first, second = (form_token(everybody.get("/account/").text) for _ in range(2))
    assert first[:40] != second[:40]
    page = everybody.get("/account/").text
    assert page.count(form_token(page)) == page.count('name="csrf_token"') > 1, "one mask for a whole page"
    assert everybody.post("/theme", data={"csrf_token": first}).status_code == 303
    assert everybody.post("/theme", data={"csrf_token": second}).status_code == 303


@given(st.text())
def test_a_mask_hides_what_it_gives_back(text: str) -> None:
    encodable = text.encode(errors="ignore").decode()
    assert forgery._unmasked(forgery._masked(encodable)) == encodable


@given(st.one_of(st.text(), st.text("abcXYZ019-_=", min_size=4)))
def test_what_no_page_of_ours_wrote_is_unmasked_to_nothing_that_fails(sent: str) -> None:
    assert isinstance(forgery._unmasked(sent), str | None)
