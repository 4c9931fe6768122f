"""A draft is sound or it does not exist."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from azora_admin.core.money import Money
from azora_admin.core.tokens import TokenAmount
from azora_admin.ledger.rules import (
    ACCOUNT_KINDS,
    BadEntry,
    Leg,
    Side,
    credit,
    debit,
    kind_of,
    legs_hash,
    without_zero,
)
from tests.ledger.books import NOON, fact, usd

AMOUNTS = st.lists(st.integers(1, 10**9), min_size=1, max_size=8)
ADA = "instructor:ada:payable"


@given(AMOUNTS)
def test_legs_that_sum_to_nought_make_an_entry(parts: list[int]) -> None:
    legs = [debit("stripe:balance", usd(sum(parts))), *(credit(ADA, usd(part)) for part in parts)]
    assert sum(leg.amount for leg in fact(*legs).legs) == 0


@given(AMOUNTS, st.integers(1, 10**9))
def test_legs_that_do_not_are_refused(parts: list[int], total: int) -> None:
    assume(total != sum(parts))
    with pytest.raises(BadEntry, match="not to nought"):
        fact(debit("stripe:balance", usd(total)), *(credit(ADA, usd(part)) for part in parts))


def test_each_asset_has_to_balance_by_itself() -> None:
    with pytest.raises(BadEntry, match="not to nought"):
        fact(debit("stripe:balance", usd(100)), credit(ADA, Money(100, "eur")))


@pytest.mark.parametrize("legs", [(), (Leg("stripe:balance", "usd", 0),), (debit("stripe:balance", usd(1)),)])
def test_one_leg_is_no_entry(legs: tuple[Leg, ...]) -> None:
    with pytest.raises(BadEntry, match="two legs"):
        fact(*legs)


def test_a_leg_of_nought_is_refused_and_can_be_left_out() -> None:
    legs = (debit("stripe:balance", usd(100)), credit(ADA, usd(100)), credit("platform:revenue", usd(0)))
    with pytest.raises(BadEntry, match="nought"):
        fact(*legs)
    assert fact(*without_zero(legs)).legs == legs[:2]


def test_the_side_carries_the_sign() -> None:
    assert debit("stripe:balance", usd(5)).amount == -5
    assert credit(ADA, usd(5)).amount == 5
    with pytest.raises(BadEntry, match="sign"):
        debit(ADA, usd(-5))


@pytest.mark.parametrize(
    "key", ["instructor::payable", "instructor:a:b:payable", "learner:x", "stripe:balance\n", ""]
)
def test_an_account_outside_the_table_is_unknown(key: str) -> None:
    with pytest.raises(ValueError, match="no account"):
        kind_of(key)


def test_money_accounts_hold_no_tokens_and_token_accounts_no_money() -> None:
    with pytest.raises(BadEntry, match="not kept in azr"):
        fact(debit("stripe:balance", TokenAmount(1)), credit("learner:x:tokens", TokenAmount(1)))
    with pytest.raises(BadEntry, match="not kept in usd"):
        fact(debit("stripe:balance", usd(1)), credit("learner:x:tokens", usd(1)))


def test_an_asset_that_would_break_the_array_it_travels_in_is_refused() -> None:
    with pytest.raises(BadEntry, match="not kept in"):
        fact(Leg("stripe:balance", "u,d", -1), Leg(ADA, "u,d", 1))


@pytest.mark.parametrize("change", [{"cause": ""}, {"reference": ""}, {"rule_version": ""}, {"kind": "gift"}])
def test_an_entry_that_explains_nothing_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(BadEntry):
        replace(fact(debit("stripe:balance", usd(1)), credit(ADA, usd(1))), **change)  # type: ignore[arg-type]


def test_times_without_a_zone_are_refused() -> None:
    naive = datetime(2026, 7, 1)  # noqa: DTZ001  that is the case
    with pytest.raises(BadEntry, match="aware"):
        replace(fact(debit("stripe:balance", usd(1)), credit(ADA, usd(1))), occurred_at=naive)
    with pytest.raises(BadEntry, match="aware"):
        credit(ADA, usd(1), naive)


def test_the_hash_knows_the_legs_and_not_their_order() -> None:
    legs = (
        debit("stripe:balance", usd(100)),
        credit(ADA, usd(70), NOON),
        credit("platform:revenue", usd(30)),
    )
    assert legs_hash(legs) == legs_hash(legs[::-1])
    later = replace(legs[1], available_at=NOON + timedelta(microseconds=1))
    for other in (legs[:2], (*legs[:2], replace(legs[2], asset="eur")), (legs[0], later, legs[2])):
        assert legs_hash(other) != legs_hash(legs)


def test_the_same_moment_in_another_zone_is_the_same_leg() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=9)))
    assert legs_hash([credit(ADA, usd(1), NOON)]) == legs_hash([credit(ADA, usd(1), there)])


def test_only_accounts_that_grow_by_credit_and_have_a_row_have_a_floor() -> None:
    for kind in ACCOUNT_KINDS:
        assert kind.floor is None or (kind.side is Side.CREDIT and not kind.hot)
