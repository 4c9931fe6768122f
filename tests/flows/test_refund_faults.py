"""Whatever breaks on the way of a refund, it has one effect at Stripe and one in the books."""

from __future__ import annotations

import contextvars
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Conflict, Invalid
from azora_admin.flows import refund_sending, refunding
from azora_admin.payments.rules.refunds import Limits
from azora_admin.reports.verification import Verdict, verify
from tests.refunding import PENDING, actor_of, sold
from tests.selling import ASK_AFTER, Shop

pytestmark = pytest.mark.usefixtures("test_clock")


FAULTS = [
    "reset_before",
    "reset_after",
    "500_before",
    "500_after",
    "timeout_after",
    "429",
    "429_lock_timeout",
]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_lost_answer_is_asked_for_and_never_sent_anew(shop: Shop, kind: str) -> None:
    payment_id = sold(shop)
    shop.fail_next("/v1/refunds", kind)
    assert shop.refund(payment_id, 1000).state == "unknown"
    assert shop.balances()[f"payment:{payment_id}:refund_in_flight"] == 1000
    refund_sending.ask(shop.stripe, shop.refunds()[0].id)
    assert [one.state for one in shop.refunds()] == ["succeeded"]
    assert [one.amount for one in shop.refunds_at_stripe()] == [1000]
    assert verify(shop.stripe) == Verdict([], waiting=0)


@pytest.mark.parametrize("kind", ["reset_after", "timeout_after", "500_after"])
def test_an_event_settles_a_refund_whose_answer_was_lost(shop: Shop, kind: str) -> None:
    payment_id = sold(shop)
    shop.fail_next("/v1/refunds", kind)
    shop.refund(payment_id)
    shop.hear()
    assert [(one.state, one.source) for one in shop.refunds()] == [("succeeded", "ours")]
    assert shop.payment().status == "refunded"


def test_the_clock_asks_about_what_nobody_told(shop: Shop, test_clock: FixedClock) -> None:
    payment_id = sold(shop, PENDING)
    refund = shop.refund(payment_id)
    assert refund_sending.enqueue_due(first_pause=ASK_AFTER) == 0
    shop.decide_refund(refund.stripe_refund_id, "succeed")
    test_clock.advance(ASK_AFTER)
    assert refund_sending.enqueue_due(first_pause=ASK_AFTER) == 1
    assert refund_sending.enqueue_due(first_pause=ASK_AFTER) == 0
    refund_sending.ask(shop.stripe, refund.id)
    assert shop.payment().status == "refunded"
    # A bank may send it back for weeks: a lost event of that is made up for, too.
    shop.decide_refund(refund.stripe_refund_id, "fail")
    test_clock.advance(timedelta(days=1))
    assert refund_sending.enqueue_due(first_pause=ASK_AFTER) == 1
    refund_sending.ask(shop.stripe, refund.id)
    assert shop.payment().status == "completed"


def test_what_stripe_refuses_is_given_back_with_its_reason(shop: Shop) -> None:
    payment_id = sold(shop)
    before = shop.balances()
    wanted: Any = {"payment_intent": shop.payment().stripe_payment_intent_id}
    shop.office.v1.refunds.create(wanted)
    refund = shop.refund(payment_id)
    assert refund.state == "failed"
    assert (refund.failure_reason or "").startswith("charge_already_refunded")
    assert shop.balances() == before
    shop.hear()
    assert [one.source for one in shop.refunds() if one.state == "succeeded"] == ["dashboard"]
    assert shop.payment().status == "refunded"


def test_what_never_reached_stripe_within_a_day_is_looked_for_and_given_up(
    shop: Shop, test_clock: FixedClock
) -> None:
    payment_id = sold(shop)
    before = shop.balances()
    shop.fail_next("/v1/refunds", "reset_before")
    refund = shop.refund(payment_id)
    test_clock.advance(timedelta(hours=23))
    refund_sending.ask(shop.stripe, refund.id)
    (given_up,) = shop.refunds()
    assert (given_up.state, given_up.failure_reason) == ("failed", refund_sending.NEVER_SENT)
    assert shop.refunds_at_stripe() == []
    assert shop.balances() == before


def test_what_did_reach_stripe_is_found_there_after_a_day(shop: Shop, test_clock: FixedClock) -> None:
    payment_id = sold(shop)
    shop.fail_next("/v1/refunds", "reset_after")
    refund = shop.refund(payment_id)
    test_clock.advance(timedelta(days=3))
    refund_sending.ask(shop.stripe, refund.id)
    assert [one.state for one in shop.refunds()] == ["succeeded"]
    assert len(shop.refunds_at_stripe()) == 1


class Killed(BaseException):
    """The process is gone: nothing catches it."""


@pytest.mark.parametrize("at", [1, 2])
def test_a_process_that_is_killed_leaves_a_refund_that_is_taken_further(shop: Shop, at: int) -> None:
    payment_id = sold(shop)
    calls = []

    def die(session: object, outcome: object) -> None:
        calls.append(outcome)
        if len(calls) == at:
            raise Killed

    wanted = refunding.Wanted(payment_id, 1000, "other")
    with pytest.raises(Killed):
        refunding.request(
            shop.stripe,
            shop.finance,
            actor_of(shop.finance),
            wanted,
            limits=Limits(1000, 1000),
            ask_after=ASK_AFTER,
            finish=die,
        )
    states = [one.state for one in shop.refunds()]
    # Before its first commit nothing happened; before its second Stripe has it, and we have not heard.
    assert states == ([] if at == 1 else ["reserved"])
    assert len(shop.refunds_at_stripe()) == at - 1
    for refund in shop.refunds():
        refund_sending.ask(shop.stripe, refund.id)
    assert [one.state for one in shop.refunds()] == (["succeeded"] if at == 2 else [])
    assert len(shop.refunds_at_stripe()) == at - 1
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_fifty_threads_never_refund_more_than_was_paid(shop: Shop) -> None:
    payment_id = sold(shop)
    _ = shop.finance

    def try_one(_: int) -> str:
        try:
            return shop.refund(payment_id, 300).state
        except Invalid as refused:
            return refused.code
        except Conflict as refused:
            return refused.code

    with ThreadPoolExecutor(50) as threads:
        runs = [threads.submit(contextvars.copy_context().run, try_one, n) for n in range(50)]
        outcomes = Counter(run.result(timeout=60) for run in runs)
    assert outcomes == {"succeeded": 16, "refund_exceeds_payment": 34}
    assert sum(one.amount for one in shop.refunds_at_stripe()) == 4800
    assert shop.payment().refunded_minor == 4800
    assert verify(shop.stripe) == Verdict([], waiting=0)
