"""An instructor's and a learner's own pages."""

from __future__ import annotations

import re
from datetime import timedelta

from azora_admin.core.clock import FixedClock
from tests.pages import market
from tests.pages.conftest import Browser


def test_a_new_instructor_sees_what_will_be_there(browser: Browser, test_clock: FixedClock) -> None:
    market.add_person("priya@market.test", "Priya Raman", "instructor")
    client = browser("priya@market.test")
    home = client.get("/instructor/").text
    assert "Hello, Priya" in home
    assert "No sales yet" in home
    assert "No courses yet" in home
    earnings = client.get("/instructor/earnings").text
    assert "No lines yet" in earnings
    assert "Nothing to share yet" in earnings


def test_earnings_show_the_chart_the_split_and_the_statement(
    browser: Browser, test_clock: FixedClock
) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    course = market.add_course("Rust for Embedded Linux", teacher, 10_000)
    for learner in market.add_learners(range(17)):
        market.pay(learner, course, fee=320)
        test_clock.advance(timedelta(minutes=1))
    client = browser("priya@market.test")
    page = client.get("/instructor/earnings").text
    assert "Where $100.00 goes" in page
    assert "$26.80" in page
    assert 'data-plot="bars"' in page
    assert "+$70.00" in page
    onward = re.search(r'rel="next" href="([^"]+)"', page)
    assert onward
    part = client.get(onward[1], headers={"HX-Request": "true", "HX-Target": "statement"})
    assert part.text.lstrip().startswith('<div id="statement">')
    assert "$70.00</td>" in part.text
    assert part.headers["HX-Push-Url"] == onward[1]


def test_an_instructor_of_two_currencies_can_choose(browser: Browser, test_clock: FixedClock) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    one, two = market.add_learners(range(2))
    market.pay(one, market.add_course("In yen", teacher, 4_000_000, currency="jpy"), fee=100)
    dollars = market.add_course("In dollars", teacher, 4900)
    market.pay(one, dollars)
    market.pay(two, dollars)
    client = browser("priya@market.test")
    assert "$68.60" in client.get("/instructor/").text
    assert "¥2,800,000" in client.get("/instructor/?currency=jpy").text
    assert "¥2,800,000" in client.get("/instructor/earnings?currency=jpy").text


def test_a_learner_reads_why_a_payment_failed_and_what_can_be_opened(
    browser: Browser, test_clock: FixedClock
) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    elena = market.add_person("elena@market.test", "Elena Kovacs", "learner")
    market.pay(elena, market.add_course("Rust for Embedded Linux", teacher, 4900))
    market.refuse(elena, market.add_course("Zero-Knowledge Proofs", teacher, 9900))
    page = browser("elena@market.test").get("/account/").text
    assert "The card has insufficient funds." in page
    assert "Bought" in page
    assert "Visa ·· 4242" in page


def test_a_new_account_says_what_will_be_there(browser: Browser) -> None:
    market.add_person("ingrid@market.test", "Ingrid Solberg", "owner")
    page = browser("ingrid@market.test").get("/account/").text
    assert "Organization owner" in page
    assert "No courses yet" in page
    assert "No payments yet" in page


def test_an_instructor_whose_money_was_paid_out_before_a_refund_reads_how_that_is_settled(
    browser: Browser, test_clock: FixedClock
) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    one, two = market.add_learners(range(2))
    payment_id = market.pay(one, course)
    test_clock.advance(timedelta(days=60))
    market.pay_out(teacher, 3430)
    client = browser("priya@market.test")
    assert "Refunds took back" not in client.get("/instructor/earnings").text
    market.refund_in_dashboard(payment_id, 4900)
    market.pay(two, course)
    page = client.get("/instructor/earnings").text
    assert "Refunds took back $34.30 more than you had available" in page
    assert "settles this first, the oldest refund before the newer ones" in page
    assert "$34.30 of yours is pending" in page
    assert "−$34.30" in page
    test_clock.advance(timedelta(days=60))
    settled = client.get("/instructor/earnings").text
    assert "Refunds took back" not in settled
