"""Refunding many payments on pages: chosen, agreed to, followed, cancelled; and by two persons above the limit."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.app import create_app
from azora_admin.core.ids import BulkRefundId, PaymentId, parse_id
from azora_admin.flows import bulk_refunding
from tests.pages import market
from tests.pages.conftest import Browser
from tests.selling import NO_LIMITS, Shop

pytestmark = pytest.mark.usefixtures("test_clock")
FINANCE, SECOND, SUPPORT = "finn@market.test", "bea@market.test", "sam@market.test"


@pytest.fixture
def app(shop: Shop) -> Flask:
    """The whole application, with the stand-in behind it."""
    return create_app(shop.settings.model_copy(update={"refund_alone_limit": 100}))


@pytest.fixture
def finance(browser: Browser, shop: Shop) -> FlaskClient:
    market.add_person(FINANCE, "Finn Boyle", "finance")
    return browser(FINANCE)


def sell(shop: Shop, count: int) -> list[PaymentId]:
    course = shop.course()
    return [shop.sell(shop.person(), course) for _ in range(count)]


def press(client: FlaskClient, page: str, words: str, **fields: str) -> TestResponse:
    """Send the form on ``page`` whose button says ``words``."""
    form = next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if words in one)
    button = next(one for one in re.findall(r"<button.*?</button>", form, re.DOTALL) if words in one)
    action = re.search(r'formaction="([^"]+)"', button) or re.search(r'action="([^"]+)"', form)
    assert action
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return client.post(action[1].replace("&amp;", "&"), data={"reason": "duplicate", **hidden, **fields})


def run(shop: Shop, answer: TestResponse) -> str:
    """Do the job of the run that ``answer`` leads to. Its address."""
    assert answer.status_code == 303
    bulk_id = BulkRefundId(parse_id(answer.location.rpartition("/")[2]))
    bulk_refunding.go_on(shop.stripe, bulk_id, limits=NO_LIMITS, ask_after=timedelta(seconds=20))
    return answer.location


def test_chosen_payments_are_agreed_to_and_refunded(shop: Shop, finance: FlaskClient) -> None:
    ids = sell(shop, 2)
    listed = finance.get("/admin/payments").text
    assert listed.count('class="row-check"') == 2
    assert "Refund all that match…" in listed
    path = f"/admin/refunds/bulk/new?payment={ids[0]}&payment={ids[1]}"
    page = finance.get(path).text
    for words in ("Refund 2 payments", "$98.00", "Enter 2 to show that you mean all of them."):
        assert words in page
    wrong = press(finance, page, "Refund 2 payments", count="3")
    assert wrong.status_code == 422
    assert '<a href="#count">Enter 2, the number of payments' in wrong.text
    location = run(shop, press(finance, page, "Refund 2 payments", count="2", note="Twice by mistake"))
    done = finance.get(location).text
    for words in ("Done", "Refunded", "Twice by mistake", 'value="2" max="2"'):
        assert words in done
    assert "every 3s" not in done
    assert [one.status for one in shop.payments()] == ["refunded"] * 2
    assert "Duplicate" in finance.get("/admin/refunds/bulk").text
    assert "None of these payments can be refunded." in finance.get(path).text


def test_all_that_match_are_held_against_what_was_agreed_to(shop: Shop, finance: FlaskClient) -> None:
    sell(shop, 1)
    page = finance.get("/admin/refunds/bulk/new?all=1&status=completed").text
    assert "Refund 1 payment" in page
    sell(shop, 1)
    changed = press(finance, page, "Refund 1 payment", count="1")
    assert changed.status_code == 409
    assert "other lines would be posted than those that were shown" in changed.text
    assert "Refund 2 payments" in changed.text
    location = press(finance, changed.text, "Refund 2 payments", count="2").location
    moving = finance.get(location).text
    assert "every 3s" in moving
    assert "0 of 2" in moving
    assert press(finance, moving, "Cancel the rest").status_code == 303
    assert "2 payments are not refunded" in finance.get(location).text
    assert shop.refunds() == []


def test_the_page_shows_the_lines_of_each_payment_a_page_at_a_time(shop: Shop, finance: FlaskClient) -> None:
    ids = sell(shop, 2)
    shop.refund(ids[0], 333)
    page = finance.get("/admin/refunds/bulk/new?all=1&status=completed&status=partially_refunded").text
    lines = [re.findall(r">([^<>]+)<", one) for one in re.findall(r"<details.*?</details>", page, re.DOTALL)]
    assert len(lines) == 2
    for words in ("Refund on its way", "On its way back to the payer", "Balance at Stripe", "$45.67"):
        assert words in lines[1]
    totals = page[page.index('id="totals-h"') :]
    for words in ("$94.67", "On its way back to the payer", "Platform revenue"):
        assert words in totals
    course = market.add_course("Zig", shop.person("instructor").person_id, 9900)
    for learner in market.add_learners(range(25)):
        market.pay(learner, course)
    first = finance.get("/admin/refunds/bulk/new?all=1").text
    assert "25 of 27 payments shown" in first
    following = re.search(r'id="lines-next"[^>]* href="([^"]+)"', first)
    assert following
    part = finance.get(
        following[1].replace("&amp;", "&"), headers={"HX-Request": "true", "HX-Target": "lines"}
    ).text
    assert part.startswith('<div id="lines">')
    assert part.count("<details") == 2
    wrong = press(finance, first, "Ask for approval 27 payments", count="26", note="All of them")
    assert "All of them" in wrong.text
    assert "25 of 27 payments shown" in wrong.text


def test_above_the_limit_a_second_person_decides(shop: Shop, finance: FlaskClient, browser: Browser) -> None:
    ids = sell(shop, 3)
    address = "&".join(f"payment={one}" for one in ids)
    page = finance.get(f"/admin/refunds/bulk/new?{address}").text
    asked = press(finance, page, "Ask for approval 3 payments", count="3")
    waiting = finance.get(asked.location).text
    assert "Needs a second person" in waiting
    assert "Approve 3 refunds" not in waiting
    market.add_person(SECOND, "Bea Adeyemi", "finance")
    second = browser(SECOND)
    theirs = second.get(asked.location).text
    assert theirs.count("On its way back to the payer") == 2 * 3  # reserved, and paid out
    refused = press(second, theirs, "Turn down", why="")
    assert refused.status_code == 422
    assert "whoever asked for the refund reads it" in refused.text
    run(shop, press(second, theirs, "Approve 3 refunds"))
    assert "approved by Bea Adeyemi" in second.get(asked.location).text
    assert len(shop.refunds_at_stripe()) == 3
    late = press(second, theirs, "Turn down", why="Late", idempotency_key="late")
    assert late.status_code == 409


def test_whoever_approves_sees_which_lines_are_no_longer_those_agreed_to(
    shop: Shop, finance: FlaskClient
) -> None:
    changed, gone, same = sell(shop, 3)
    address = "&".join(f"payment={one}" for one in (changed, gone, same))
    page = finance.get(f"/admin/refunds/bulk/new?{address}").text
    asked = press(finance, page, "Ask for approval 3 payments", count="3")
    shop.refund(changed, 333)
    shop.refund(gone, 4900)
    waiting = finance.get(asked.location).text
    assert waiting.count("Would post other lines by now") == 1
    assert waiting.count("be refunded any more: it will be refused") == 1
    assert waiting.count("<details") == 3


def test_support_chooses_nothing(shop: Shop, browser: Browser) -> None:
    (payment_id,) = sell(shop, 1)
    market.add_person(SUPPORT, "Sam Osei", "support")
    support = browser(SUPPORT)
    assert "row-check" not in support.get("/admin/payments").text
    assert support.get(f"/admin/refunds/bulk/new?payment={payment_id}").status_code == 403
    assert support.get("/admin/refunds/bulk").status_code == 200
