"""What differs has one name, and the entry that is suggested cures it: to the cent, whatever the two sides say."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.ledger.rules import Leg
from azora_admin.reconciliation.rules.corrections import (
    BANK,
    correction_legs,
    counters_for,
    legs_as_json,
    legs_from_json,
)
from azora_admin.reconciliation.rules.differences import KINDS, WAITS, judge, kind_called, noun_of
from azora_admin.reconciliation.rules.movements import (
    BOOKED,
    ENTRY,
    Movement,
    Sum,
    as_json,
    category_of,
    from_json,
)

NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(days=1)

amounts = st.integers(-1_000_000, 1_000_000)
currencies = st.sampled_from(["usd", "eur", "jpy", "kwd", "isk", "ugx"])
sums = st.builds(Sum, currencies, amounts, amounts, st.integers(1, 3))
sides = st.lists(sums, max_size=3, unique_by=lambda one: one.currency).map(tuple)
categories = st.sampled_from([*BOOKED, "payout", "topup", "transfer", ENTRY])
movements = st.builds(
    Movement, st.just("ch_1"), categories, sides, sides, st.just(NOON), has_twin=st.booleans()
)


def movement(theirs: Sum | None, ours: Sum | None, category: str = "charge", **more: bool) -> Movement:
    return Movement("ch_1", category, (theirs,) if theirs else (), (ours,) if ours else (), NOON, **more)


def code(moved: Movement) -> str | None:
    found = judge(moved, now=LATER, read_until=LATER)
    return found.kind.code if found else None


def booked(moved: Movement, legs: tuple[Leg, ...]) -> tuple[Sum, ...]:
    """Our side with an entry of ``legs`` added."""
    gross, fee = defaultdict[str, int](int), defaultdict[str, int](int)
    for one in moved.ours:
        gross[one.currency] += one.gross
        fee[one.currency] += one.fee
    for leg in legs:
        if leg.key in ("stripe:balance", "stripe:fees"):
            gross[leg.asset] -= leg.amount
        if leg.key == "stripe:fees":
            fee[leg.asset] -= leg.amount
    return tuple(Sum(one, gross[one], fee[one]) for one in gross.keys() | fee.keys())


def net_by_currency(side: tuple[Sum, ...]) -> dict[str, tuple[int, int]]:
    return {one.currency: (one.gross, one.fee) for one in side if one.gross or one.fee}


@given(movements)
def test_what_differs_is_named_and_nothing_else(moved: Movement) -> None:
    agrees = net_by_currency(moved.theirs) == net_by_currency(moved.ours)
    assert (code(moved) is None) == agrees


@given(movements, st.sampled_from(["platform:adjustments", "platform:revenue", BANK, "instructor:1:payable"]))
def test_the_suggested_entry_cures_it_and_sums_to_nought(moved: Movement, counter: str) -> None:
    legs = correction_legs(moved, counter)
    totals = defaultdict[str, int](int)
    for leg in legs:
        assert leg.amount
        totals[leg.asset] += leg.amount
    assert not any(totals.values())
    assert code(replace(moved, ours=booked(moved, legs))) is None
    assert bool(legs) == (code(moved) is not None)
    assert legs_from_json(legs_as_json(legs)) == legs


@given(sides)
def test_a_side_comes_back_as_it_was_stored(side: tuple[Sum, ...]) -> None:
    assert from_json(as_json(side)) == tuple(sorted(side, key=lambda one: one.currency))


SOLD = Sum("usd", 4900, 172)


@pytest.mark.parametrize(
    ("moved", "kind"),
    [
        (movement(SOLD, SOLD), None),
        (movement(SOLD, replace(SOLD, count=2)), None),
        (movement(SOLD, None), "missing_here"),
        (movement(None, SOLD), "missing_at_stripe"),
        (movement(None, None), None),
        (movement(SOLD, Sum("usd", 4800, 172)), "amount_differs"),
        (movement(SOLD, Sum("usd", 4900, 0)), "fee_missing"),
        (movement(SOLD, Sum("usd", 4900, 170)), "fee_differs"),
        (movement(SOLD, Sum("usd", 9800, 344, count=2)), "doubled_here"),
        (movement(SOLD, Sum("usd", 9800, 172, count=2)), "doubled_here"),
        (movement(SOLD, Sum("usd", 9800, 172, count=1)), "amount_differs"),
        (movement(Sum("usd", 9800, 344, count=2), SOLD), "doubled_at_stripe"),
        (movement(SOLD, Sum("eur", 4500, 0)), "currency_differs"),
        (movement(Sum("usd", -4900, 0), None, "refund"), "missing_here"),
        (movement(Sum("usd", -4900, 0), None, "refund", has_twin=True), "doubled_at_stripe"),
        (movement(Sum("usd", -90_000, 0), None, "payout"), "not_booked"),
        (movement(None, Sum("usd", -100, 0), ENTRY), "without_source"),
        (movement(SOLD, SOLD, is_readable=False), "unreadable"),
    ],
)
def test_each_kind_has_its_sign(moved: Movement, kind: str | None) -> None:
    assert code(moved) == kind


def test_what_is_missing_waits_by_the_side_that_it_is_missing_on() -> None:
    late = NOON + WAITS
    here, there = movement(SOLD, None), movement(None, SOLD)

    def waits(moved: Movement, *, now: datetime, read_until: datetime) -> bool:
        found = judge(moved, now=now, read_until=read_until)
        assert found is not None
        return found.is_waiting

    moment = timedelta(seconds=1)
    assert waits(here, now=late - moment, read_until=NOON)
    assert not waits(here, now=late, read_until=NOON)
    assert waits(there, now=LATER, read_until=late - moment)
    assert not waits(there, now=NOON, read_until=late)
    wrong = movement(SOLD, Sum("usd", 1, 172))
    assert not waits(wrong, now=NOON, read_until=NOON)


def test_a_payout_stands_against_our_bank_and_a_charge_against_adjustments() -> None:
    payout = movement(Sum("usd", -90_000, 0), None, "payout")
    assert counters_for(payout, [])[0] == BANK
    assert {(leg.key, leg.amount) for leg in correction_legs(payout, BANK)} == {
        ("stripe:balance", 90_000),
        (BANK, -90_000),
    }
    found = counters_for(movement(SOLD, None), ["instructor:1:payable"])
    assert found == ["platform:adjustments", "platform:revenue", "instructor:1:payable"]


def test_what_the_book_cannot_hold_is_not_to_be_corrected() -> None:
    assert correction_legs(movement(SOLD, None, is_readable=False), BANK) == ()


@pytest.mark.parametrize(
    ("type_", "reporting", "category"),
    [
        ("charge", "charge", "charge"),
        ("payment", "charge", "charge"),
        ("payment_refund", "refund", "refund"),
        ("payment_failure_refund", "refund_failure", "refund_failure"),
        ("adjustment", "dispute", "dispute"),
        ("adjustment", "dispute_reversal", "dispute_reversal"),
        ("adjustment", "other_adjustment", "adjustment"),
        ("payout", "payout", "payout"),
        ("something_new", "other", "something_new"),
    ],
)
def test_a_type_of_stripes_is_matched_as_what_it_is(type_: str, reporting: str, category: str) -> None:
    assert category_of(type_, reporting) == category


def test_every_kind_says_what_it_is_and_what_to_do() -> None:
    for kind in KINDS:
        assert kind_called(kind.code) is kind
        assert kind.sentence.format(noun=noun_of("charge")).endswith(".")
        assert kind.advice.endswith(".")
