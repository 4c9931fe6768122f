"""Reconciliation: every fault is named and nothing else, in rounds that read on from where the last one stopped."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.money import Money
from azora_admin.flows import reconciling
from azora_admin.gateways.stripe.balance import StatementPage, list_transactions
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.messaging import reading
from azora_admin.messaging.reading import STATEMENT, Place
from azora_admin.messaging.tables import StripeCursor
from azora_admin.reconciliation.actions.statement import keep_lines
from azora_admin.reconciliation.tables import (
    BalanceTransaction,
    ReconciliationDay,
    ReconciliationDifference,
    ReconciliationTotal,
)
from tests.refunding import FAILS
from tests.selling import Shop
from tests.statements import Fault, Statement, seed_faults

# AZORA_RECONCILE_EVENTS=10000 is what docs/decisions/0031 tells of.
EVENTS = int(os.environ.get("AZORA_RECONCILE_EVENTS", "500"))


def differences(*states: str) -> list[ReconciliationDifference]:
    with db.reading() as session:
        wanted = select(ReconciliationDifference).order_by(ReconciliationDifference.began_at)
        if states:
            wanted = wanted.where(ReconciliationDifference.state.in_(states))
        return list(session.scalars(wanted))


def statement_lines() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(BalanceTransaction.id)))


def balance_of(shop: Shop, place: Place) -> StatementPage:
    """The first page, fetched as a process did that was killed after it."""
    with ThreadPoolExecutor(1) as elsewhere:
        asked = elsewhere.submit(
            list_transactions, shop.stripe, since=place.since, until=place.until, after_id=None
        )
        return asked.result()


def day(of: date) -> ReconciliationDay:
    with db.reading() as session:
        found = session.get(ReconciliationDay, of)
    assert found is not None
    return found


def days() -> dict[date, str]:
    with db.reading() as session:
        return {one.day: one.state for one in session.scalars(select(ReconciliationDay))}


def named(found: Sequence[ReconciliationDifference]) -> list[Fault]:
    """As the faults are; an entry by its reference, which is what the test knows of it."""
    with db.reading() as session:
        references = {
            str(one): reference
            for one, reference in session.execute(
                text("SELECT id, reference FROM ledger_entry WHERE kind = 'correction'")
            )
        }
    return sorted((references.get(one.source, one.source), one.category, one.kind) for one in found)


@pytest.fixture
def at_noon(shop: Shop, test_clock: FixedClock) -> Shop:
    """It is the same time here and at Stripe."""
    shop.hold_time()
    return shop


def pass_time(shop: Shop, test_clock: FixedClock, by: timedelta) -> None:
    test_clock.advance(by)
    shop.hold_time()


def test_all_twenty_faults_are_named_and_nothing_else(at_noon: Shop) -> None:
    apart = timedelta(days=6) / EVENTS
    statement = Statement(at_noon, begins_at=clock.now() - timedelta(days=7), apart=apart)
    for number in range(EVENTS * 2 // 3):
        statement.sell(refund=number % 3 == 0, fails=number % 6 == 0)
    faults = seed_faults(statement)
    assert len(faults) == 20
    statement.write()
    reconciling.reconcile(at_noon.stripe)
    assert named(differences()) == sorted(faults)
    assert {one.state for one in differences()} == {"differs"}
    assert sum(day(one).differing for one in days()) == 20
    reconciling.reconcile(at_noon.stripe)
    assert named(differences("differs")) == sorted(faults)


def test_a_day_of_sales_and_refunds_through_stripe_agrees(at_noon: Shop, test_clock: FixedClock) -> None:
    course, dear = at_noon.course(), at_noon.course(Money(120_000, "jpy"))
    first = at_noon.sell(at_noon.person(), course)
    at_noon.sell(at_noon.person(), dear)
    at_noon.refund(first, 1000)
    failing = at_noon.sell(at_noon.person(), course, FAILS)
    at_noon.refund(failing)
    at_noon.tell_fees()
    at_noon.hear()
    pass_time(at_noon, test_clock, timedelta(hours=2))
    done = reconciling.reconcile(at_noon.stripe)
    assert done.new_lines == 6  # three charges, two refunds, one that came back
    assert differences() == []
    today = clock.now().astimezone(UTC).date()
    assert (day(today).state, day(today).transactions) == ("open", 6)
    pass_time(at_noon, test_clock, timedelta(days=1))
    reconciling.reconcile(at_noon.stripe)
    assert days()[today] == "agrees"
    pass_time(at_noon, test_clock, timedelta(days=3))
    reconciling.reconcile(at_noon.stripe)
    assert days()[today] == "sealed"
    with db.reading() as session:
        totals = session.scalars(select(ReconciliationTotal).order_by(ReconciliationTotal.currency)).all()
    assert [(one.currency, one.their_gross, one.our_gross, one.their_fee, one.our_fee) for one in totals] == [
        ("jpy", 120_000, 120_000, 3510, 3510),
        ("usd", 8800, 8800, 344, 344),
    ]


def test_what_is_on_its_way_waits_and_then_agrees(at_noon: Shop, test_clock: FixedClock) -> None:
    bought = at_noon.order(at_noon.person(), at_noon.course())
    at_noon.confirm(bought)
    at_noon.tell_fees()
    reconciling.reconcile(at_noon.stripe)
    (waiting,) = differences()
    assert (waiting.kind, waiting.state, day(waiting.day).waiting) == ("missing_here", "waiting", 1)
    at_noon.hear()
    reconciling.reconcile(at_noon.stripe)
    (agreed,) = differences()
    assert (agreed.state, agreed.resolved_at) == ("resolved", clock.now())
    assert day(agreed.day).waiting == 0


def test_a_sale_whose_transaction_is_not_there_yet_waits_by_how_far_was_read(
    at_noon: Shop, test_clock: FixedClock
) -> None:
    bought = at_noon.order(at_noon.person(), at_noon.course())
    at_noon.confirm(bought)
    at_noon.hear()
    reconciling.reconcile(at_noon.stripe)
    assert [(one.kind, one.state) for one in differences()] == [("missing_at_stripe", "waiting")]
    test_clock.advance(timedelta(hours=5))
    at_noon.fail_next("/v1/balance_transactions", "reset_before", method="GET")
    with pytest.raises(NoAnswer):
        reconciling.reconcile(at_noon.stripe)
    reconciling.compare_what_is_due()
    assert [one.state for one in differences()] == ["waiting"]
    with db.reading() as session:
        assert session.scalars(select(StripeCursor.last_error)).one()
    reconciling.reconcile(at_noon.stripe)
    assert [one.state for one in differences()] == ["differs"]
    at_noon.hold_time()
    at_noon.tell_fees()
    at_noon.hear()
    reconciling.reconcile(at_noon.stripe)
    assert [one.state for one in differences()] == ["resolved"]


def test_a_day_is_read_once_more_before_it_is_sealed(at_noon: Shop, test_clock: FixedClock) -> None:
    sold_at = clock.now()
    at_noon.sell(at_noon.person(), at_noon.course())
    pass_time(at_noon, test_clock, timedelta(days=1))
    reconciling.reconcile(at_noon.stripe)
    line = {"type": "charge", "source": "ch_late", "amount": 100, "currency": "usd"}
    at_noon.stand_in.control("/balance_transactions", [line | {"created": int(sold_at.timestamp())}])
    pass_time(at_noon, test_clock, timedelta(days=3))
    reconciling.reconcile(at_noon.stripe)
    assert named(differences("differs")) == [("ch_late", "charge", "missing_here")]
    assert days()[sold_at.date()] == "differs"


def test_a_sealed_day_comes_back_when_either_side_says_something_new(
    at_noon: Shop, test_clock: FixedClock
) -> None:
    sold_at = clock.now()
    at_noon.sell(at_noon.person(), at_noon.course())
    pass_time(at_noon, test_clock, timedelta(days=5))
    reconciling.reconcile(at_noon.stripe)
    assert days() == {sold_at.date(): "sealed"}
    line = {"type": "charge", "source": "ch_late", "amount": 100, "currency": "usd"}
    late = [line | {"created": int(sold_at.timestamp())}]
    at_noon.stand_in.control("/balance_transactions", late)
    reconciling.reconcile(at_noon.stripe)
    assert days() == {sold_at.date(): "sealed"}  # older than what is read again by itself
    reconciling.reconcile_again(at_noon.stripe, sold_at.date(), sold_at.date())
    assert named(differences("differs")) == [("ch_late", "charge", "missing_here")]
    assert days() == {sold_at.date(): "differs"}


def test_a_line_that_is_read_again_is_kept_once(at_noon: Shop, test_clock: FixedClock) -> None:
    statement = Statement(at_noon, begins_at=clock.now() - timedelta(hours=1), apart=timedelta(seconds=1))
    for _ in range(150):
        statement.sell("usd")
    statement.write()
    assert reconciling.reconcile(at_noon.stripe).new_lines == 150
    pass_time(at_noon, test_clock, timedelta(minutes=5))
    assert reconciling.reconcile(at_noon.stripe).new_lines == 0
    assert differences() == []


def test_a_reading_that_was_killed_between_two_pages_is_followed_by_one_that_goes_on_there(
    at_noon: Shop,
) -> None:
    statement = Statement(at_noon, begins_at=clock.now() - timedelta(hours=1), apart=timedelta(seconds=1))
    for _ in range(150):
        statement.sell("usd")
    statement.write()
    with db.transaction() as session:
        place = reading.next_place(session, STATEMENT, begins_at=clock.now() - timedelta(days=1))
        page = balance_of(at_noon, place)
        keep_lines(session, page.transactions)
        reading.go_on(session, STATEMENT, after_id=page.after_id)
    assert reconciling.reconcile(at_noon.stripe).new_lines == 50
    assert differences() == []


def test_many_that_reconcile_at_once_find_each_thing_once(at_noon: Shop) -> None:
    statement = Statement(at_noon, begins_at=clock.now() - timedelta(days=2), apart=timedelta(minutes=10))
    for _ in range(120):
        statement.sell()
    faults = seed_faults(statement)
    statement.write()
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: reconciling.reconcile(at_noon.stripe), range(4)))
    reconciling.compare_what_is_due()
    assert sum(one.new_lines for one in done) == len(statement_lines())
    assert named(differences("differs")) == sorted(faults)


def test_a_charge_near_midnight_belongs_to_stripes_day(at_noon: Shop, test_clock: FixedClock) -> None:
    midnight = datetime(2026, 6, 30, tzinfo=UTC)
    statement = Statement(at_noon, begins_at=midnight - timedelta(seconds=2), apart=timedelta(seconds=1))
    one = statement.sell("usd")
    statement.line_of(one.charge_id, "charge")["created"] = int(midnight.timestamp()) + 5
    lines, statement.writing.lines = statement.writing.lines, []
    statement.write()
    reconciling.reconcile(at_noon.stripe)
    assert [(found.day, found.kind) for found in differences()] == [(date(2026, 6, 29), "missing_at_stripe")]
    at_noon.stand_in.control("/balance_transactions", lines)
    reconciling.reconcile_again(at_noon.stripe, date(2026, 6, 30), date(2026, 6, 30))
    assert [found.state for found in differences()] == ["resolved"]
    assert days() == {date(2026, 6, 29): "agrees", date(2026, 6, 30): "agrees"} | {
        one: state for one, state in days().items() if one > date(2026, 6, 30)
    }


def test_a_dispute_is_matched_by_its_movements_whatever_became_of_it(
    at_noon: Shop, test_clock: FixedClock
) -> None:
    at_noon.sell(at_noon.person(), at_noon.course())
    dispute = at_noon.dispute(at_noon.payments()[0])
    at_noon.hear()
    for outcome in ("lose", "appeal", "win"):
        at_noon.decide_dispute(dispute, outcome)
    pass_time(at_noon, test_clock, timedelta(hours=2))
    reconciling.reconcile(at_noon.stripe)
    assert [(one.source, one.category) for one in differences()] == [(dispute, "dispute_reversal")]
    at_noon.hear()
    pass_time(at_noon, test_clock, timedelta(hours=2))
    reconciling.reconcile(at_noon.stripe)
    assert {one.state for one in differences()} == {"resolved"}
