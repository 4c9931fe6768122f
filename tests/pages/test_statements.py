"""The statement of a month: its lines are the account's legs, and its balances those of the page."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pypdf import PdfReader

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import PersonId
from azora_admin.core.money import money_text
from azora_admin.reports.earnings import earnings
from tests.pages import market
from tests.pages.conftest import Browser

PRIYA = "priya@market.test"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def priya(test_clock: FixedClock) -> PersonId:
    """She sold at 49.00 in May and twice in June, of which 10.00 went back in July; it is July the 10th."""
    priya = market.add_person(PRIYA, "Priya Raman", "instructor")
    course = market.add_course("Rust; <b>=1+1</b>", priya, 4900)
    first, second, third = market.add_learners(range(3))
    _to(test_clock, datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC))
    market.pay(first, course)
    _to(test_clock, datetime(2026, 6, 1, tzinfo=UTC))
    market.pay(second, course)
    _to(test_clock, datetime(2026, 6, 20, tzinfo=UTC))
    paid = market.pay(third, course)
    _to(test_clock, datetime(2026, 7, 10, tzinfo=UTC))
    market.refund_in_dashboard(paid, 1000)
    return priya


def _to(test_clock: FixedClock, at: datetime) -> None:
    test_clock.advance(at - test_clock.now())


def rows(browser: Browser, month: str) -> list[list[str]]:
    answer = browser(PRIYA).get(f"/instructor/statements/{month}/csv?currency=usd")
    assert answer.mimetype == "text/csv"
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))[1:]


def printed(browser: Browser, month: str) -> str:
    answer = browser(PRIYA).get(f"/instructor/statements/{month}/pdf?currency=usd&paper=letter")
    assert answer.mimetype == "application/pdf"
    pages = PdfReader(io.BytesIO(answer.data)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u200b", "").split())


def test_a_month_begins_with_what_the_one_before_ended_with(browser: Browser, priya: PersonId) -> None:
    may, june, july = (rows(browser, month) for month in ("2026-05", "2026-06", "2026-07"))
    assert [row[10] for row in (may[0], may[-1])] == ["0.00", "34.30"]
    assert [row[10] for row in (june[0], june[-1])] == ["34.30", "102.90"]
    assert [row[10] for row in (july[0], july[-1])] == ["102.90", "95.90"]


def test_its_lines_are_what_happened_and_add_up(browser: Browser, priya: PersonId) -> None:
    for month in ("2026-05", "2026-06", "2026-07"):
        before, *lines, after = rows(browser, month)
        moved = sum(Decimal(line[9]) for line in lines)
        assert Decimal(before[10]) + moved == Decimal(after[10])
    (line,) = rows(browser, "2026-07")[1:-1]
    assert line[3:11] == ["Rust; <b>=1+1</b>", "", "", "", "-10.00", "10.00", "-7.00", "95.90"]


def test_its_figures_are_those_of_the_page(browser: Browser, priya: PersonId, test_clock: FixedClock) -> None:
    with db.snapshot() as session:
        page = earnings(
            session, instructor_id=priya, now=test_clock.now(), currency="usd", limit=50, cursor=None
        )
    for month in page.months:
        lines = rows(browser, f"{month.first_on:%Y-%m}")[1:-1]
        assert sum(Decimal(line[9]) for line in lines) * 10**2 == month.earned.amount
    assert page.standing.available.amount + page.standing.pending.amount == 9590
    said = printed(browser, "2026-07")
    assert money_text(page.statement.items[0].balance) in said


def test_on_paper_it_says_what_the_spreadsheet_says(browser: Browser, priya: PersonId) -> None:
    said = printed(browser, "2026-06")
    for part in (
        "Statement",
        "June 2026",
        "Priya Raman",
        "$34.30",
        "+$34.30",
        "$68.60",
        "$102.90",
        "<b>=1+1</b>",
    ):
        assert part in said
    assert "The platform bears the fees" in said


def test_a_month_in_which_nothing_happened_says_so(browser: Browser, priya: PersonId) -> None:
    assert "Nothing happened in this month" in printed(browser, "2026-01")
    assert len(rows(browser, "2026-01")) == 2


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "1999-01", "2026-08", "x"])
def test_what_is_no_month_or_has_not_begun_is_not_there(
    browser: Browser, priya: PersonId, month: str
) -> None:
    assert browser(PRIYA).get(f"/instructor/statements/{month}/pdf").status_code == 404


def test_nobody_elses_statement_is_seen_and_the_currency_is_one(browser: Browser, priya: PersonId) -> None:
    market.add_person("omar@market.test", "Omar", "instructor")
    other = browser("omar@market.test").get("/instructor/statements/2026-06/csv?currency=usd").text
    assert "34.30" not in other
    assert browser(PRIYA).get("/instructor/statements/2026-06/csv?currency=xyz").status_code == 422


def test_the_earnings_page_leads_there(browser: Browser, priya: PersonId) -> None:
    page = browser(PRIYA).get("/instructor/earnings").text
    assert "/instructor/statements/2026-07/pdf" in page
    assert "/instructor/statements/2026-05/csv" in page
    assert "/instructor/statements/2026-04/" not in page
