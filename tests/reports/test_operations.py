"""The overview's figures agree with the ledger and with each other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.clock import Clock, FixedClock, SystemClock
from azora_admin.core.money import Money
from azora_admin.messaging import reading
from azora_admin.reports.operations import Overview, overview
from tests.pages import market
from tests.refunding import PENDING, sold
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("database")


def look(clock: Clock, *, days: int = 7, currency: str | None = None) -> Overview:
    with db.snapshot() as session:
        return overview(session, now=clock.now(), days=days, currency=currency)


def test_an_empty_market_is_all_noughts(test_clock: FixedClock) -> None:
    empty = look(test_clock)
    assert (empty.gross.now, empty.sales.now, empty.failure_rate.now) == (0, 0, 0)
    assert empty.gross.change is None
    assert empty.division.gross == Money(0, "usd")
    assert (list(empty.recent), list(empty.top_courses), list(empty.concerns)) == ([], [], [])


def test_a_period_stands_against_the_one_before(test_clock: FixedClock) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    one, two, three, four = market.add_learners(range(4))
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    market.pay(one, course)
    test_clock.advance(timedelta(days=7))
    market.pay(two, course)
    market.pay(three, course)
    market.refuse(four, course)
    seen = look(test_clock)
    assert (seen.gross.now, seen.gross.before) == (9800, 4900)
    assert (seen.revenue.now, seen.platform_revenue) == (2940, Money(2940, "usd"))
    assert (seen.sales.now, seen.sales.before) == (2, 1)
    assert seen.failure_rate.now == 3333
    assert seen.gross.daily == (0, 0, 0, 0, 0, 0, 9800)
    assert seen.gross_before == (0, 0, 0, 0, 0, 0, 4900)
    change = seen.gross.change
    assert change is not None
    assert change.basis_points == 10_000


def test_where_the_money_went_sums_to_what_came_in(test_clock: FixedClock) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    learners = market.add_learners(range(3))
    course = market.add_course("Rust for Embedded Linux", teacher, 4999)
    for learner in learners:
        market.pay(learner, course, fee=175)
    parts = look(test_clock).division
    assert parts.gross == Money(14_997, "usd")
    assert parts.processing == Money(525, "usd")
    assert parts.instructors + parts.platform + parts.processing + parts.other == parts.gross
    assert parts.other.is_zero


def test_currencies_are_never_summed_together(test_clock: FixedClock) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    one, two, three = market.add_learners(range(3))
    market.pay(one, market.add_course("In yen", teacher, 4_000_000, currency="jpy"), fee=100)
    dollars = market.add_course("In dollars", teacher, 4900)
    market.pay(two, dollars)
    market.pay(three, dollars)
    assert look(test_clock).currencies == ("usd", "jpy")
    assert look(test_clock).division.gross == Money(9800, "usd")
    assert look(test_clock, currency="jpy").division.gross == Money(4_000_000, "jpy")
    assert look(test_clock, currency="xxx").currency == "usd"


def test_the_best_courses_come_first_with_their_share_of_the_best(test_clock: FixedClock) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    one, two = market.add_learners(range(2))
    small, large = (
        market.add_course(title, teacher, price) for title, price in (("Small", 1000), ("Large", 4000))
    )
    market.pay(one, small)
    market.pay(two, small)
    market.pay(two, large)
    best = look(test_clock).top_courses
    assert [(course.title, course.sales, course.gross.amount, course.share) for course in best] == [
        ("Large", 1, 4000, 10_000),
        ("Small", 2, 2000, 5_000),
    ]


def test_whatever_waits_too_long_is_a_concern(test_clock: FixedClock) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    one, two, three = market.add_learners(range(3))
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    market.order(one, course, sent=False)
    left = market.order(two, course)
    market.hear(two, left, course, status="requires_action")
    market.pay(three, course, fee=None)
    insert = text(
        "INSERT INTO inbox_event (id, source, type, object_id, api_version, raw, state, attempts, created_at,"
        " received_at, next_try_at) VALUES (:id, 'stripe', 't', 'o', 'v', '', :state, 8, :at, :at, :at)"
    )
    with db.transaction() as session:
        for name, state in (("evt_parked", "parked"), ("evt_waiting", "received")):
            session.execute(insert, {"id": name, "state": state, "at": test_clock.now()})
    assert [concern.topic for concern in look(test_clock).concerns] == ["events_parked"]
    ordered_at = test_clock.now()
    test_clock.advance(timedelta(hours=26))
    found = look(test_clock).concerns
    assert [(concern.topic, concern.count) for concern in found] == [
        ("events_parked", 1),
        ("payments_unknown", 1),
        ("payments_unsettled", 1),
        ("events_waiting", 1),
        ("fees_unknown", 1),
    ]
    assert {concern.oldest_at for concern in found} == {ordered_at}


def test_what_no_webhook_brought_is_a_concern_for_a_day(test_clock: FixedClock) -> None:
    insert = text(
        "INSERT INTO inbox_event (id, source, type, object_id, api_version, raw, state, attempts, created_at,"
        " received_at, next_try_at, handled_at, brought_by)"
        " VALUES (:id, 'stripe', 't', 'o', 'v', '', 'handled', 1, :created, :now, :now, :now, :by)"
    )
    now = test_clock.now()
    late = now - timedelta(minutes=2)
    with db.transaction() as session:
        for name, created, by in (("a", late, "backfill"), ("b", now, "backfill"), ("c", late, "webhook")):
            session.execute(insert, {"id": f"evt_{name}", "created": created, "now": now, "by": by})
    (concern,) = look(test_clock).concerns
    assert (concern.topic, concern.count, concern.oldest_at) == ("events_missed", 1, late)
    test_clock.advance(timedelta(days=1))
    assert look(test_clock).concerns == []


def test_a_list_of_events_that_nobody_reads_is_a_concern(test_clock: FixedClock) -> None:
    with db.transaction() as session:
        reading.finish(session, reading.next_place(session))
    test_clock.advance(timedelta(minutes=30))
    assert look(test_clock).concerns == []
    read_at = test_clock.now() - timedelta(minutes=30)
    test_clock.advance(timedelta(seconds=1))
    (concern,) = look(test_clock).concerns
    assert (concern.topic, concern.oldest_at) == ("events_unread", read_at)


@pytest.mark.parametrize("amount", [2000, 4900])
def test_what_was_refunded_is_no_partys_any_more(shop: Shop, amount: int) -> None:
    shop.refund(sold(shop), amount)
    seen = look(SystemClock())
    parts = seen.division
    assert (parts.gross.amount, parts.refunded.amount) == (4900, amount)
    assert sum(part.amount for _, part in parts.parts) == parts.gross.amount
    assert [name for name, _ in parts.parts][3:] == ["Refunded"]
    assert seen.revenue.now == parts.platform.amount + parts.processing.amount
    assert parts.instructors.is_zero is (amount == 4900)


def test_a_refund_that_failed_is_none(shop: Shop) -> None:
    refund = shop.refund(sold(shop, PENDING))
    shop.decide_refund(refund.stripe_refund_id, "fail")
    shop.hear()
    parts = look(SystemClock()).division
    assert parts.refunded.is_zero
    assert parts.instructors + parts.platform + parts.processing == parts.gross


def test_a_dispute_to_answer_is_a_concern_until_its_time_is_over(test_clock: FixedClock) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    (learner,) = market.add_learners([1])
    market.dispute(market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900)))
    (concern,) = [one for one in look(test_clock).concerns if one.topic == "disputes_to_answer"]
    assert (concern.count, concern.oldest_at) == (1, test_clock.now() + timedelta(days=8, hours=1))
    test_clock.advance(timedelta(days=9))
    assert "disputes_to_answer" not in {one.topic for one in look(test_clock).concerns}


def test_a_refund_that_waits_for_somebody_is_a_concern(test_clock: FixedClock) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    (learner,) = market.add_learners([1])
    bea = market.add_person("bea@market.test", "Bea Adeyemi", "finance")
    market.set_policy(bea)
    payment = market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900))
    market.ask_for_refund(bea, payment, 100)
    market.ask_back(learner, payment, 100)
    topics = {one.topic: one.count for one in look(test_clock).concerns}
    assert (topics["refunds_to_approve"], topics["refunds_requested"]) == (1, 1)


def test_what_a_bank_took_is_no_partys_any_more_and_no_best_course(test_clock: FixedClock) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    (learner,) = market.add_learners([1])
    market.dispute(market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900)))
    seen = look(test_clock)
    assert (seen.gross.now, seen.revenue.now, seen.platform_revenue) == (4900, 0, Money(0, "usd"))
    assert list(seen.top_courses) == []
