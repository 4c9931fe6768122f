"""Reconciliation on pages: days, what differs, and two persons who decide about it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.app import create_app
from azora_admin.core import clock, db
from azora_admin.flows import reconciling
from azora_admin.reconciliation.queries import open_differences
from tests.pages import market
from tests.pages.conftest import Browser, form_token
from tests.selling import Shop
from tests.statements import Statement, seed_faults

FINANCE, SECOND, SUPPORT = "finance@market.test", "second@market.test", "support@market.test"
LIST = "/admin/reconciliation"

pytestmark = pytest.mark.usefixtures("test_clock")


@pytest.fixture
def app(shop: Shop) -> Flask:
    """The whole application, with the stand-in behind it."""
    return create_app(shop.settings)


@pytest.fixture
def finance(browser: Browser) -> FlaskClient:
    market.add_person(FINANCE, "Amara Nwosu", "finance")
    return browser(FINANCE)


@pytest.fixture
def differing(shop: Shop) -> dict[str, str]:
    """The address of one difference of each kind."""
    shop.hold_time()
    statement = Statement(shop, begins_at=clock.now() - timedelta(days=1), apart=timedelta(seconds=10))
    seed_faults(statement)
    statement.write()
    reconciling.reconcile(shop.stripe)
    with db.reading() as session:
        found = open_differences(session, limit=50)
    return {one.kind.code: f"{LIST}/differences/{one.id}" for one in found}


def send(client: FlaskClient, path: str, words: str, **fields: str) -> TestResponse:
    """Send the form on the page whose button says ``words``."""
    page = client.get(path).text
    form = next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if words in one)
    action = re.search(r'action="([^"]+)"', form)
    assert action
    values = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form)) | {"csrf_token": form_token(page)}
    return client.post(action[1], data=values | fields)


def test_before_anything_was_compared_the_page_says_so(finance: FlaskClient) -> None:
    page = finance.get(LIST).text
    assert "Nothing was compared yet" in page
    assert "No days yet" in page


def test_where_all_agrees_the_page_says_so(shop: Shop, finance: FlaskClient) -> None:
    shop.hold_time()
    shop.sell(shop.person(), shop.course())
    reconciling.reconcile(shop.stripe)
    page = finance.get(LIST).text
    assert "Books and Stripe agree" in page
    assert page.count("$47.28") == 2  # 49.00 less the fee, on either side
    assert "Books and Stripe agree" in finance.get(f"{LIST}/differences").text


def test_what_differs_stands_first_and_leads_to_both_its_sides(
    finance: FlaskClient, differing: dict[str, str]
) -> None:
    page = finance.get(LIST).text
    assert "The first 5 of 20" in page
    assert "20 differences" in page
    listed = finance.get(f"{LIST}/differences").text
    assert listed.count('<tr id="difference-') == 20
    assert (
        finance.get(f"{LIST}/differences?day={clock.now() - timedelta(days=1):%Y-%m-%d}").text.count(
            '<tr id="difference-'
        )
        == 20
    )
    assert "No differences here" in finance.get(f"{LIST}/differences?state=explained").text
    detail = finance.get(differing["amount_differs"]).text
    for words in ("Another amount", "At Stripe", "The book has more by", "Refund paid out", "txn_"):
        assert words in detail
    assert "stand below as Stripe tells them" in finance.get(differing["unreadable"]).text


def test_the_suggested_entry_follows_the_account_that_is_chosen(
    finance: FlaskClient, differing: dict[str, str]
) -> None:
    path = f"{differing['amount_differs']}?counter=platform:revenue"
    assert "Platform revenue" in finance.get(path).text.split('id="suggestion"')[1]
    headers = {"HX-Request": "true", "HX-Target": "suggestion"}
    part = finance.get(path, headers=headers).text
    assert part.startswith('<div class="well" id="suggestion">')


def test_one_proposes_and_another_one_books_it(
    browser: Browser, finance: FlaskClient, differing: dict[str, str]
) -> None:
    path = differing["fee_missing"]
    wrong = send(finance, path, "Ask for approval", act="correct", counter="platform:adjustments", reason="")
    assert wrong.status_code == 422
    assert "Enter a reason" in wrong.text
    done = send(
        finance,
        path,
        "Ask for approval",
        act="correct",
        counter="platform:adjustments",
        reason="The event was lost",
    )
    assert done.status_code == 303
    page = finance.get(path).text
    assert "You proposed it: somebody else has to approve." in page
    assert "Approve and book" not in page
    market.add_person(SECOND, "Ines Duarte", "finance")
    second = browser(SECOND)
    booked = send(second, path, "Approve and book")
    assert booked.status_code == 303
    page = second.get(path).text
    for words in (
        "The correction is booked.",
        "Agrees by now",
        "Correction of Amara Nwosu: The event was lost",
    ):
        assert words in page
    entry = re.search(r'href="(/admin/entries/[^"]+)">The entry<', page)
    assert entry
    explained = second.get(entry[1]).text
    assert "Two persons had the book say" in explained
    assert f'href="{path}">The difference</a>' in explained


def test_a_proposal_is_turned_down_or_withdrawn(
    browser: Browser, finance: FlaskClient, differing: dict[str, str]
) -> None:
    path = differing["unreadable"]
    send(finance, path, "Ask for approval", act="explain", reason="Not ours to book")
    withdrawn = send(finance, path, "Withdraw")
    assert withdrawn.status_code == 303
    assert "The proposal is turned down." in finance.get(path).text
    send(finance, path, "Ask for approval", act="explain", reason="Not ours to book")
    market.add_person(SECOND, "Ines Duarte", "admin")
    second = browser(SECOND)
    assert send(second, path, "Approve").status_code == 303
    assert "Two persons have explained it." in second.get(path).text


def test_support_sees_differences_and_decides_nothing(browser: Browser, differing: dict[str, str]) -> None:
    market.add_person(SUPPORT, "Tom Halloran", "support")
    support = browser(SUPPORT)
    page = support.get(differing["fee_missing"]).text
    assert "Finance decides about it." in page
    assert "Ask for approval" not in page
    refused = support.post(
        f"{differing['fee_missing']}/proposals",
        data={"csrf_token": form_token(page), "act": "explain", "reason": "because"},
    )
    assert refused.status_code == 403


def test_the_overview_leads_to_what_differs(finance: FlaskClient, differing: dict[str, str]) -> None:
    page = finance.get("/admin/").text
    assert "20 differences between the book and Stripe" in page
    assert 'href="/admin/reconciliation/differences"' in page
