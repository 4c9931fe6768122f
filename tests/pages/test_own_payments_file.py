"""A payer's own payments as a file: by page and by API the same, theirs alone, and nothing that a sheet would run."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from flask import Flask

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import PersonId
from azora_admin.identity.queries import get_person
from azora_admin.payments.queries import get_receipt
from azora_admin.reports.own_payments import own_lines
from tests.api.callers import bearer
from tests.pages import market
from tests.pages.conftest import Browser, Counted

pytestmark = pytest.mark.usefixtures("database")
HEADINGS = "ordered_at,paid_at,title,amount,refunded,currency,status,receipt,payment_id"


@pytest.fixture
def payers(test_clock: FixedClock) -> tuple[PersonId, PersonId]:
    """One who paid thrice and was refused once, and one who paid once."""
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    course = market.add_course("=HYPERLINK(1)", teacher, 4900)
    one, other = market.add_learners(range(2))
    market.refund_in_dashboard(market.pay(one, course), 1000)
    for money in ((7000, "jpy"), (12_340, "kwd")):
        test_clock.advance(timedelta(minutes=1))
        market.pay(one, market.add_course(f"In {money[1]}", teacher, money[0], currency=money[1]))
    market.refuse(one, market.add_course("Refused", teacher, 9900))
    market.pay(other, course)
    return one, other


def test_each_of_ones_own_payments_is_a_line_and_nobody_elses(
    app: Flask, browser: Browser, payers: tuple[PersonId, PersonId]
) -> None:
    one, _ = payers
    client = browser("learner0@market.test")
    assert 'href="/account/payments.csv"' in client.get("/account/").text
    page = client.get("/account/payments.csv")
    with db.reading() as session:
        headers = bearer(app, get_person(session, one))
    called = app.test_client().get("/api/v1/payments.csv", headers=headers)
    assert called.data == page.data
    for answer in (page, called):
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.headers["Cache-Control"] == "private, no-store"
        name = f'attachment; filename="payments-{clock.now():%Y-%m-%d}.csv"'
        assert answer.headers["Content-Disposition"] == name
    text = page.data.decode("utf-8-sig")
    assert text.splitlines()[0] == HEADINGS
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [tuple(line.values())[2:7] for line in lines] == [
        ("Refused", "99.00", "0.00", "usd", "failed"),
        ("In kwd", "12.340", "0.000", "kwd", "completed"),
        ("In jpy", "7000", "0", "jpy", "completed"),
        ("'=HYPERLINK(1)", "49.00", "10.00", "usd", "partially_refunded"),
    ]
    assert (lines[0]["paid_at"], lines[0]["receipt"]) == ("", "")
    for line in lines[1:]:
        with db.reading() as session:
            receipt = get_receipt(session, line["payment_id"])  # type: ignore[arg-type]  # as the file has it
        assert (line["receipt"], receipt.payer_id) == (receipt.number, one)
    assert "1.72" not in text, "what Stripe took is nobody's business who pays"


def test_it_is_read_some_at_a_time_and_is_the_same(
    payers: tuple[PersonId, PersonId], statements: Counted
) -> None:
    with statements() as at_once:
        whole = list(own_lines(payers[0]))
    with statements() as in_parts:
        assert list(own_lines(payers[0], at_once=2)) == whole
    assert (len(at_once), len(in_parts), len(whole)) == (1, 2, 5)


def test_who_paid_nothing_gets_the_headings_and_no_link(browser: Browser, test_clock: FixedClock) -> None:
    market.add_learners([1])
    client = browser("learner1@market.test")
    assert "payments.csv" not in client.get("/account/").text
    assert client.get("/account/payments.csv").data.decode("utf-8-sig").strip() == HEADINGS
    assert client.application.test_client().get("/api/v1/payments.csv").status_code == 401
