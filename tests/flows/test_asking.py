"""What was never heard of is asked for, ever more seldom, and what nobody finishes within a day is given up."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import PaymentId
from azora_admin.flows import asking, sale
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.gateways.stripe.intents import fetch_intent
from tests.messaging.events import jobs
from tests.selling import ASK_AFTER, Shop

DAY = timedelta(hours=24)
MOMENT = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _noon(test_clock: FixedClock) -> None:
    """Time stands until a test moves it."""


def ask(shop: Shop) -> None:
    asking.ask(shop.stripe, PaymentId(shop.payment().id))


def order_whose_answer_was_lost(shop: Shop, kind: str) -> None:
    shop.fail_next("/v1/payment_intents", kind)
    with suppress(NoAnswer):
        shop.buy(shop.person(), shop.course())
    assert shop.payment().stripe_payment_intent_id is None


def test_a_payment_whose_event_was_lost_is_settled_by_an_ask(shop: Shop) -> None:
    shop.confirm(shop.order(shop.person(), shop.course()))
    ask(shop)
    assert shop.payment().status == "completed"
    assert [entry[0] for entry in shop.books().entries] == ["sale"]
    shop.tell_fees()
    ask(shop)
    assert [entry[0] for entry in shop.books().entries] == ["sale", "processing_fee"]
    assert shop.payment().next_ask_at is None
    books = shop.books()
    ask(shop)
    shop.hear()
    assert shop.books() == books
    assert shop.changes()[-1] == ("pending", "completed", None, "ask")


def test_a_decline_whose_event_was_lost_is_told_by_an_ask(shop: Shop) -> None:
    shop.confirm(shop.order(shop.person(), shop.course()), "pm_card_visa_chargeDeclined")
    ask(shop)
    assert (shop.payment().status, shop.payment().failure_code) == ("failed", "generic_decline")


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "500_before", "500_after", "timeout_after"])
def test_an_order_that_was_not_sent_is_finished_by_an_ask(shop: Shop, kind: str) -> None:
    order_whose_answer_was_lost(shop, kind)
    ask(shop)
    (intent,) = shop.intents()
    assert shop.payment().stripe_payment_intent_id == intent.id
    assert [change[1] for change in shop.changes()] == ["pending", "unknown", "pending"]


def test_an_ask_without_an_answer_changes_nothing_and_the_next_one_does(shop: Shop) -> None:
    shop.confirm(shop.order(shop.person(), shop.course()))
    shop.fail_next("/v1/payment_intents/*", "reset_before", method="GET")
    with pytest.raises(NoAnswer):
        ask(shop)
    assert shop.payment().status == "pending"
    ask(shop)
    assert shop.payment().status == "completed"


@pytest.mark.parametrize("card", ["", "pm_card_visa_chargeDeclined", "pm_card_threeDSecure2Required"])
def test_a_cart_that_is_left_is_cancelled_at_stripe_after_a_day(
    shop: Shop, test_clock: FixedClock, card: str
) -> None:
    bought = shop.order(shop.person(), shop.course())
    if card:
        shop.confirm(bought, card)
    test_clock.advance(DAY)
    ask(shop)
    assert shop.payment().status in ("pending", "failed", "requires_action")
    test_clock.advance(MOMENT)
    ask(shop)
    assert shop.payment().status == "cancelled"
    assert shop.payment().next_ask_at is None
    (intent,) = shop.intents()
    assert (intent.status, intent.cancellation_reason) == ("canceled", "abandoned")
    shop.hear()
    assert shop.payment().status == "cancelled"


def test_why_its_last_attempt_failed_stays_with_a_payment_that_is_given_up(
    shop: Shop, test_clock: FixedClock
) -> None:
    shop.confirm(shop.order(shop.person(), shop.course()), "pm_card_visa_chargeDeclinedInsufficientFunds")
    ask(shop)
    test_clock.advance(DAY + MOMENT)
    ask(shop)
    assert (shop.payment().status, shop.payment().failure_code) == ("cancelled", "insufficient_funds")


def test_after_a_cancelled_cart_the_course_can_be_bought(shop: Shop, test_clock: FixedClock) -> None:
    learner, course = shop.person(), shop.course()
    shop.order(learner, course)
    test_clock.advance(DAY + MOMENT)
    ask(shop)
    shop.sell(learner, course)
    assert [payment.status for payment in shop.payments()] == ["cancelled", "completed"]


def test_an_older_picture_does_not_revive_what_was_given_up(shop: Shop, test_clock: FixedClock) -> None:
    bought = shop.order(shop.person(), shop.course())
    older = fetch_intent(shop.stripe, shop.intents()[0].id)
    test_clock.advance(DAY + MOMENT)
    ask(shop)
    with db.transaction() as session:
        assert sale.settle(session, older, cause="test")
    assert (shop.payment().id, shop.payment().status) == (bought.payment.id, "cancelled")


def test_the_ask_that_gives_up_comes_as_soon_as_the_day_is_over(shop: Shop, test_clock: FixedClock) -> None:
    shop.order(shop.person(), shop.course())
    began_at = test_clock.now()
    while (at := shop.payment().next_ask_at) is not None:
        test_clock.advance(at - test_clock.now())
        asking.enqueue_due(first_pause=timedelta(seconds=20))
        ask(shop)
    assert test_clock.now() == began_at + DAY + MOMENT
    assert shop.payment().status == "cancelled"


def test_whoever_goes_on_with_an_old_order_is_asked_for_soon(shop: Shop, test_clock: FixedClock) -> None:
    learner, course = shop.person(), shop.course()
    shop.order(learner, course)
    for _ in range(6):
        test_clock.advance(timedelta(hours=3))
        asking.enqueue_due(first_pause=timedelta(seconds=20))
    shop.order(learner, course)
    assert shop.payment().next_ask_at == test_clock.now() + ASK_AFTER


def test_what_was_paid_is_not_cancelled_however_old_it_is(shop: Shop, test_clock: FixedClock) -> None:
    shop.confirm(shop.order(shop.person(), shop.course()))
    test_clock.advance(7 * DAY)
    ask(shop)
    assert shop.payment().status == "completed"


def test_a_cancellation_whose_answer_was_lost_is_seen_by_the_next_ask(
    shop: Shop, test_clock: FixedClock
) -> None:
    shop.order(shop.person(), shop.course())
    test_clock.advance(DAY + MOMENT)
    shop.fail_next("/v1/payment_intents/*/cancel", "reset_after")
    with pytest.raises(NoAnswer):
        ask(shop)
    ask(shop)
    assert shop.payment().status == "cancelled"


def test_an_order_that_never_reached_stripe_is_given_up_after_a_day(
    shop: Shop, test_clock: FixedClock
) -> None:
    order_whose_answer_was_lost(shop, "reset_before")
    test_clock.advance(DAY + MOMENT)
    ask(shop)
    assert shop.payment().status == "cancelled"
    assert [change[:3] for change in shop.changes()] == [
        (None, "pending", None),
        ("pending", "unknown", "Stripe has not answered"),
        ("unknown", "cancelled", "Abandoned"),
    ]
    assert shop.intents() == []
    ask(shop)
    assert len(shop.changes()) == 3


@pytest.mark.parametrize("kind", ["reset_after", "500_after", "timeout_after"])
def test_an_order_that_did_reach_stripe_is_found_there_after_a_day_and_not_sent_anew(
    shop: Shop, test_clock: FixedClock, kind: str
) -> None:
    order_whose_answer_was_lost(shop, kind)
    test_clock.advance(3 * DAY)
    ask(shop)
    (intent,) = shop.intents()
    assert (intent.status, intent.cancellation_reason) == ("canceled", "abandoned")
    assert (shop.payment().status, shop.payment().stripe_payment_intent_id) == ("cancelled", intent.id)


def test_an_order_is_found_behind_a_hundred_others_of_its_payer(shop: Shop, test_clock: FixedClock) -> None:
    order_whose_answer_was_lost(shop, "reset_after")
    (intent,) = shop.intents()
    wanted: Any = {"amount": 4900, "currency": "usd", "customer": intent.customer}
    for _ in range(100):
        shop.office.v1.payment_intents.create(wanted)
    test_clock.advance(3 * DAY)
    ask(shop)
    assert shop.payment().stripe_payment_intent_id == intent.id


def test_a_payment_is_asked_for_when_it_was_silent_long_enough_and_then_ever_more_seldom(
    shop: Shop, test_clock: FixedClock
) -> None:
    shop.order(shop.person(), shop.course())
    assert asking.enqueue_due(first_pause=ASK_AFTER) == 0
    pauses = []
    for _ in range(4):
        due_at = shop.payment().next_ask_at
        assert due_at is not None
        test_clock.advance(due_at - test_clock.now() - MOMENT)
        assert asking.enqueue_due(first_pause=ASK_AFTER) == 0
        test_clock.advance(MOMENT)
        assert asking.enqueue_due(first_pause=ASK_AFTER) == 1
        next_at = shop.payment().next_ask_at
        assert next_at is not None
        pauses.append((next_at - test_clock.now()).total_seconds())
    assert pauses == [60, 180, 600, 1800]
    assert [job.name for job in jobs()] == ["money.ask_for_payment"] * 4
    assert {job.lock for job in jobs()} == {f"stripe:{shop.payment().stripe_payment_intent_id}"}


def test_what_is_finished_is_not_asked_for(shop: Shop, test_clock: FixedClock) -> None:
    shop.sell(shop.person(), shop.course())
    test_clock.advance(timedelta(days=400))
    assert asking.enqueue_due(first_pause=ASK_AFTER) == 0


def test_a_sale_without_its_fee_is_asked_for_until_the_fee_is_known(
    shop: Shop, test_clock: FixedClock
) -> None:
    shop.confirm(shop.order(shop.person(), shop.course()))
    shop.hear()
    assert shop.payment().status == "completed"
    test_clock.advance(ASK_AFTER)
    assert asking.enqueue_due(first_pause=ASK_AFTER) == 1
    shop.tell_fees()
    ask(shop)
    test_clock.advance(timedelta(days=400))
    assert asking.enqueue_due(first_pause=ASK_AFTER) == 0
