"""What no webhook brought is fetched from Stripe's list: all of it, once, from wherever the last reader stopped."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Invalid
from azora_admin.flows import backfill
from azora_admin.flows.backfill import Backfilled
from azora_admin.gateways.stripe import events
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.jobs import stripe_events
from azora_admin.messaging import reading
from azora_admin.messaging.tables import StripeCursor
from tests.messaging.events import jobs
from tests.selling import Shop

TYPES = sorted(stripe_events.FLOWS)
PAGE = 100


@pytest.fixture
def open_shop(shop: Shop, test_clock: FixedClock) -> Shop:
    """A shop whose list of events was read until now, and it is the same time at Stripe."""
    shop.hold_time()
    catch_up(shop)
    pass_time(shop, test_clock, timedelta(hours=1))
    return shop


def catch_up(shop: Shop) -> Backfilled:
    return backfill.catch_up(shop.stripe, types=TYPES)


def pass_time(shop: Shop, test_clock: FixedClock, by: timedelta) -> None:
    test_clock.advance(by)
    shop.hold_time()


def cursor() -> StripeCursor:
    with db.reading() as session:
        return session.scalars(select(StripeCursor)).one()


def cancel_many(shop: Shop, count: int) -> None:
    """As many events of a type that something is done about."""

    def one(_: int) -> None:
        intent = shop.office.v1.payment_intents.create({"amount": 100, "currency": "usd"})
        shop.office.v1.payment_intents.cancel(intent.id)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(one, range(count)))


def test_a_sale_that_no_webhook_told_of_is_fetched_and_settled(
    open_shop: Shop, test_clock: FixedClock
) -> None:
    bought = open_shop.order(open_shop.person(), open_shop.course())
    open_shop.confirm(bought)
    open_shop.tell_fees()
    pass_time(open_shop, test_clock, timedelta(minutes=3))
    found = catch_up(open_shop)
    assert sorted(event.type for event in found.missed) == ["charge.updated", "payment_intent.succeeded"]
    assert found.listed == 2
    for job in jobs():
        stripe_events.handle(open_shop.stripe, job.event_id)
    assert [payment.status for payment in open_shop.payments()] == ["completed"]
    assert len(open_shop.books().entries) == 2
    for row in open_shop.inbox().values():
        assert (row.state, row.brought_by) == ("handled", "backfill")
        told = orjson.loads(row.raw)
        assert (told["id"], told["type"], told["data"]["object"]["id"]) == (row.id, row.type, row.object_id)


def test_what_the_webhook_brought_is_left_alone(open_shop: Shop, test_clock: FixedClock) -> None:
    open_shop.sell(open_shop.person(), open_shop.course())
    before = len(jobs())
    pass_time(open_shop, test_clock, timedelta(minutes=3))
    found = catch_up(open_shop)
    assert (found.listed, found.missed) == (len(open_shop.inbox()), ())
    assert {row.brought_by for row in open_shop.inbox().values()} == {"webhook"}
    assert len(jobs()) == before


def test_an_event_gets_two_minutes_to_come_by_itself(open_shop: Shop, test_clock: FixedClock) -> None:
    cancel_many(open_shop, 1)
    pass_time(open_shop, test_clock, timedelta(seconds=119))
    assert catch_up(open_shop).missed == ()
    pass_time(open_shop, test_clock, timedelta(seconds=1))
    assert len(catch_up(open_shop).missed) == 1


def test_the_first_reading_begins_now_and_not_in_the_past_of_the_account(
    shop: Shop, test_clock: FixedClock
) -> None:
    shop.hold_time()
    cancel_many(shop, 1)
    pass_time(shop, test_clock, timedelta(hours=1))
    assert catch_up(shop).missed == ()


def test_an_event_that_stripe_lists_late_is_found_by_the_overlap(
    open_shop: Shop, test_clock: FixedClock
) -> None:
    catch_up(open_shop)
    read_until = cursor().read_until
    open_shop.stand_in.control("/clock", {"now": int((read_until - timedelta(minutes=9)).timestamp())})
    cancel_many(open_shop, 1)
    pass_time(open_shop, test_clock, timedelta(minutes=2))
    assert len(catch_up(open_shop).missed) == 1


def test_without_an_answer_nothing_moves_and_the_next_round_finds_it_all(
    open_shop: Shop, test_clock: FixedClock
) -> None:
    cancel_many(open_shop, 1)
    pass_time(open_shop, test_clock, timedelta(minutes=5))
    before = cursor()
    open_shop.fail_next("/v1/events", "reset_before", method="GET")
    with pytest.raises(NoAnswer):
        catch_up(open_shop)
    failed = cursor()
    assert (failed.read_until, failed.succeeded_at) == (before.read_until, before.succeeded_at)
    assert failed.last_error is not None
    assert failed.last_error.startswith("NoAnswer: ")
    pass_time(open_shop, test_clock, timedelta(minutes=5))
    assert len(catch_up(open_shop).missed) == 1
    assert (cursor().last_error, cursor().failed_at, cursor().succeeded_at) == (None, None, clock.now())


def test_a_reader_that_was_killed_between_two_pages_is_followed_by_one_that_goes_on_there(
    open_shop: Shop, test_clock: FixedClock
) -> None:
    cancel_many(open_shop, PAGE + 20)
    pass_time(open_shop, test_clock, timedelta(minutes=5))
    with db.transaction() as session:
        place = reading.next_place(session)
    page = events.list_events(
        open_shop.stripe, types=TYPES, since=place.since, until=place.until, after_id=None
    )
    # A page is of everything that Stripe tells, and not all of that is for us.
    read = len(page.events)
    assert 0 < read < PAGE + 20
    with db.transaction() as session:
        reading.go_on(session, after_id=page.after_id)
    found = catch_up(open_shop)
    assert len(found.missed) == PAGE + 20 - read
    assert {event.id for event in found.missed}.isdisjoint(one.event.id for one in page.events)
    assert cursor().read_until == place.until


def test_a_place_that_stripe_has_forgotten_has_its_window_read_anew(
    open_shop: Shop, test_clock: FixedClock
) -> None:
    cancel_many(open_shop, 3)
    pass_time(open_shop, test_clock, timedelta(minutes=5))
    with db.transaction() as session:
        reading.next_place(session)
        reading.go_on(session, after_id="evt_forgotten")
    assert len(catch_up(open_shop).missed) == 3


def test_eight_readers_at_once_keep_every_event_once(open_shop: Shop, test_clock: FixedClock) -> None:
    cancel_many(open_shop, PAGE + 20)
    pass_time(open_shop, test_clock, timedelta(minutes=5))

    def read(_: int) -> Backfilled:
        with clock.use(test_clock):
            return catch_up(open_shop)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(read, range(8)))
    missed = [event.id for one in found for event in one.missed]
    assert len(missed) == len(set(missed)) == PAGE + 20
    assert len(open_shop.inbox()) == len(jobs()) == PAGE + 20
    assert cursor().window_until is None


def test_by_hand_everything_since_a_day_is_fetched_and_the_cursor_stays(
    open_shop: Shop, test_clock: FixedClock
) -> None:
    before = cursor().read_until
    cancel_many(open_shop, PAGE + 1)
    pass_time(open_shop, test_clock, timedelta(days=20))
    found = backfill.fetch_since(open_shop.stripe, clock.now() - timedelta(days=21), types=TYPES)
    assert (found.listed, len(found.missed)) == (PAGE + 1, PAGE + 1)
    again = backfill.fetch_since(open_shop.stripe, clock.now() - timedelta(days=21), types=TYPES)
    assert (again.listed, again.missed) == (PAGE + 1, ())
    assert cursor().read_until == before


@pytest.mark.parametrize("off", [timedelta(days=-31), timedelta(seconds=1)])
def test_what_stripe_lists_nothing_of_is_refused(
    open_shop: Shop, test_clock: FixedClock, off: timedelta
) -> None:
    with pytest.raises(Invalid, match="last 30 days"):
        backfill.fetch_since(open_shop.stripe, clock.now() + off, types=TYPES)
