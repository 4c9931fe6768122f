"""What an instructor earned: every view of it agrees with the account's legs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import PersonId
from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor
from azora_admin.reports.earnings import Earnings, divide, earnings
from azora_admin.reports.studio import studio
from tests.pages import market


def look(teacher: PersonId, clock: FixedClock, *, limit: int = 10, cursor: Cursor | None = None) -> Earnings:
    with db.snapshot() as session:
        return earnings(
            session, instructor_id=teacher, now=clock.now(), currency=None, limit=limit, cursor=cursor
        )


@pytest.fixture
def teacher(database: db.Database) -> PersonId:
    """Somebody with courses to sell."""
    return market.add_person("priya@market.test", "Priya Raman", "instructor")


def test_without_a_sale_there_are_twelve_empty_months(teacher: PersonId, test_clock: FixedClock) -> None:
    seen = look(teacher, test_clock)
    assert len(seen.months) == 12
    assert str(seen.months[-1].first_on) == "2026-07-01"
    assert {month.earned.amount for month in seen.months} == {0}
    assert list(seen.statement.items) == []
    assert seen.division.gross.is_zero


def test_months_standing_and_statement_tell_the_same_sum(teacher: PersonId, test_clock: FixedClock) -> None:
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    for learner in market.add_learners(range(3)):
        market.pay(learner, course)
        test_clock.advance(timedelta(days=20))
    seen = look(teacher, test_clock)
    earned = Money(3 * 3430, "usd")
    assert seen.standing.year == earned
    assert sum(month.earned.amount for month in seen.months) == earned.amount
    assert seen.statement.items[0].balance == earned
    assert seen.standing.available + seen.standing.pending == earned
    assert seen.standing.pending == Money(0, "usd")
    assert [line.title for line in seen.statement.items] == ["Rust for Embedded Linux"] * 3


def test_a_share_is_pending_until_the_refund_window_ends(teacher: PersonId, test_clock: FixedClock) -> None:
    (learner,) = market.add_learners([1])
    market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900))
    assert look(teacher, test_clock).standing.pending == Money(3430, "usd")
    test_clock.advance(timedelta(days=15))
    assert look(teacher, test_clock).standing.available == Money(3430, "usd")


def test_the_balance_runs_through_the_pages_of_the_statement(
    teacher: PersonId, test_clock: FixedClock
) -> None:
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    for learner in market.add_learners(range(5)):
        market.pay(learner, course)
    first = look(teacher, test_clock, limit=3).statement
    second = look(teacher, test_clock, limit=3, cursor=first.next_cursor).statement
    balances = [line.balance.amount for line in [*first.items, *second.items]]
    assert balances == [17_150, 13_720, 10_290, 6_860, 3_430]


def test_a_hundred_is_shared_as_the_year_was(teacher: PersonId, test_clock: FixedClock) -> None:
    (learner,) = market.add_learners([1])
    market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 10_000), fee=320)
    parts = look(teacher, test_clock).division
    assert [(part.name, part.of_hundred.amount) for part in parts.parts] == [
        ("You", 7000),
        ("Azora platform", 2680),
        ("Card processing", 320),
    ]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=4), st.sampled_from(["usd", "jpy", "kwd"]))
def test_the_parts_of_a_hundred_make_a_hundred(amounts: list[int], currency: str) -> None:
    gross = sum(amounts)
    shared = divide(gross, {str(place): amount for place, amount in enumerate(amounts)}, currency)
    assert sum(part.of_hundred.amount for part in shared.parts) == (shared.hundred.amount if gross else 0)


def test_the_first_page_shows_the_last_sales_and_every_course(
    teacher: PersonId, test_clock: FixedClock
) -> None:
    rust = market.add_course("Rust for Embedded Linux", teacher, 4900)
    market.add_course("Not sold yet", teacher, 9900)
    other = market.add_person("kenji@market.test", "Kenji Watanabe", "instructor")
    one, two = market.add_learners(range(2))
    market.pay(one, rust)
    market.pay(two, rust)
    market.pay(one, market.add_course("Somebody else's", other, 9900))
    with db.snapshot() as session:
        seen = studio(session, instructor_id=teacher, now=test_clock.now(), currency=None)
    assert [(sale.learner, sale.share.amount, sale.paid.amount) for sale in seen.recent] == [
        ("Learner Number 1", 3430, 4900),
        ("Learner Number 0", 3430, 4900),
    ]
    assert [(course.title, course.sales, course.gross.amount) for course in seen.courses] == [
        ("Rust for Embedded Linux", 2, 9800),
        ("Not sold yet", 0, 0),
    ]
