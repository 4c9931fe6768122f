"""A payment follows its intent: any order and any repetition of its pictures ends at the same truth."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.money import Money
from azora_admin.gateways.stripe.shapes import Intent, Refusal
from azora_admin.payments.rules.settlement import (
    OPEN,
    STATUSES,
    Mismatch,
    Order,
    Transition,
    decide,
    is_paid,
    pause_before_ask,
)

PRICE = Money(4900, "usd")
PAID_STATUSES = {status for status in STATUSES if is_paid(status)}
ORDER = Order("pending", PRICE, "cus_1")
DECLINED = Refusal("card_declined", "Your card was declined.")
POOR = Refusal("insufficient_funds", "Your card has insufficient funds.")


def picture(status: str, *, refusal: Refusal | None = None, received: Money | None = None) -> Intent:
    """The intent of ``ORDER`` as Stripe tells it in one moment."""
    taken = received or (PRICE if status == "succeeded" else Money.zero("usd"))
    return Intent("pi_1", status, PRICE, taken, "cus_1", None, "pi_1_secret", refusal, None)


PAID = picture("succeeded")
PICTURES = {
    "pending": picture("requires_payment_method"),
    "requires_action": picture("requires_action"),
    "processing": picture("processing"),
    "completed": PAID,
    "failed": picture("requires_payment_method", refusal=DECLINED),
    "cancelled": picture("canceled"),
}
pictures = st.sampled_from(
    [
        *PICTURES.values(),
        picture("requires_confirmation"),
        picture("requires_capture"),
        picture("requires_payment_method", refusal=POOR),
        picture("requires_action", refusal=DECLINED),
    ]
)


def status_after(seen: list[Intent]) -> str:
    """Where the order stands once it was told all of ``seen``, one after the other."""
    order = ORDER
    for intent in seen:
        step = decide(order, intent)
        order = replace(order, status=step.to_status) if step else order
    return order.status


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", PICTURES)
def test_a_payment_goes_where_its_intent_is_and_what_is_finished_stays(before: str, after: str) -> None:
    step = decide(Order(before, PRICE, "cus_1"), PICTURES[after])
    is_finished = is_paid(before) or (before == "cancelled" and after != "completed")
    if is_finished or (before == after and after != "failed"):
        assert step is None
    else:
        assert step == Transition(after, DECLINED if after == "failed" else None)


@given(st.lists(pictures, max_size=12), pictures)
def test_any_order_and_repetition_of_pictures_ends_where_the_last_truth_says(
    seen: list[Intent], truth: Intent
) -> None:
    once = status_after([truth])
    ended = status_after([*seen, truth])
    if PAID in [*seen, truth]:
        assert ended == "completed"
    elif PICTURES["cancelled"] in seen:
        assert ended == "cancelled"
    else:
        assert ended == once
    assert ended == status_after([*seen, truth, truth])


@given(st.lists(pictures, min_size=1, max_size=8))
def test_once_paid_no_older_picture_changes_anything(seen: list[Intent]) -> None:
    assert status_after([PAID, *seen]) == "completed"
    assert status_after([*seen, PAID, *reversed(seen)]) == "completed"


@given(
    st.sampled_from(sorted(set(STATUSES) - PAID_STATUSES)),
    st.integers(-(10**6), 10**6),
    st.sampled_from(["usd", "eur"]),
)
def test_success_counts_only_for_the_amount_and_currency_of_the_order(
    status: str, amount: int, currency: str
) -> None:
    received = Money(amount, currency)
    paid = replace(PAID, received=received)
    if received == PRICE:
        assert decide(Order(status, PRICE, "cus_1"), paid) == Transition("completed", None)
    else:
        with pytest.raises(Mismatch) as refused:
            decide(Order(status, PRICE, "cus_1"), paid)
        assert refused.value.code == "payment_mismatch"


@pytest.mark.parametrize(
    ("ours", "theirs"), [("cus_1", "cus_2"), ("cus_1", None), (None, "cus_1"), (None, None), ("cus_1", "")]
)
def test_success_counts_only_for_the_customer_of_the_order(ours: str | None, theirs: str | None) -> None:
    with pytest.raises(Mismatch):
        decide(Order("pending", PRICE, ours), replace(PAID, customer_id=theirs))


def test_a_part_of_the_amount_is_not_the_amount_whatever_the_intent_asks_for() -> None:
    with pytest.raises(Mismatch):
        decide(ORDER, replace(PAID, received=Money(4899, "usd")))
    with pytest.raises(Mismatch):
        decide(ORDER, replace(PAID, amount=Money(1, "usd"), received=Money(1, "usd")))


@pytest.mark.parametrize("status", ["", "Succeeded", "requires_magic", "completed", "succeeded "])
def test_a_state_that_we_do_not_know_is_refused_by_name(status: str) -> None:
    with pytest.raises(Mismatch) as refused:
        decide(ORDER, picture(status))
    assert repr(status) in refused.value.detail


def test_a_second_refusal_is_told_again_and_a_new_try_forgets_it() -> None:
    failed = Order("failed", PRICE, "cus_1")
    second = picture("requires_payment_method", refusal=POOR)
    assert decide(failed, second) == Transition("failed", POOR)
    assert decide(failed, PICTURES["requires_action"]) == Transition("requires_action", None)
    assert decide(failed, PICTURES["pending"]) == Transition("pending", None)


def test_an_old_refusal_of_an_intent_that_goes_on_is_no_failure() -> None:
    going_on = picture("requires_action", refusal=DECLINED)
    assert decide(ORDER, going_on) == Transition("requires_action", None)
    assert decide(ORDER, replace(PAID, refusal=DECLINED)) == Transition("completed", None)


def test_what_is_paid_or_given_up_is_not_open() -> None:
    assert set(STATUSES) - OPEN == {*PAID_STATUSES, "cancelled"}


@given(st.integers(1, 86_400))
def test_the_pause_before_an_ask_never_shrinks_and_stays_within_a_sane_span(seconds: int) -> None:
    first = timedelta(seconds=seconds)
    pauses = [pause_before_ask(count, first=first) for count in range(40)]
    assert pauses[0] == first
    assert all(earlier <= later for earlier, later in pairwise(pauses))
    assert pauses[-1] == pauses[-2] == 4320 * first
