"""A sale is shared to the last cent: its legs sum to nought and nobody gets more than was agreed."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.money import Money
from azora_admin.ledger.rules import Leg, kind_of
from azora_admin.payments.rules.split import REFUND_WINDOW, WHOLE, fee_legs, sale_legs

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


@st.composite
def agreements(draw: st.DrawFn) -> dict[str, int]:
    """Shares of up to forty parties, each positive, all together at most the whole."""
    left, shares = WHOLE, {}
    for number in range(draw(st.integers(0, 40))):
        if left == 0:
            break
        shares[f"instructor:{number:02}"] = draw(st.integers(1, left))
        left -= shares[f"instructor:{number:02}"]
    return shares


def by_account(legs: list[Leg]) -> dict[str, int]:
    """What each account gets, credit-positive; no account has two legs."""
    assert len({leg.key for leg in legs}) == len(legs)
    return {leg.key: leg.amount for leg in legs}


@given(st.integers(1, 10**9), agreements(), st.sampled_from(["usd", "jpy", "kwd"]))
def test_the_legs_of_a_sale_sum_to_nought_and_none_is_empty(
    amount: int, shares: dict[str, int], currency: str
) -> None:
    legs = sale_legs(Money(amount, currency), shares, at=NOON)
    got = by_account(legs)
    assert sum(got.values()) == 0
    assert got["stripe:balance"] == -amount
    assert all(value > 0 for key, value in got.items() if key != "stripe:balance")
    assert {leg.asset for leg in legs} == {currency}
    assert all(kind_of(key) for key in got)


@given(st.integers(1, 10**9), agreements())
def test_each_party_gets_its_share_to_less_than_a_cent_and_the_platform_the_rest(
    amount: int, shares: dict[str, int]
) -> None:
    got = by_account(sale_legs(Money(amount, "usd"), shares, at=NOON))
    for party, points in shares.items():
        exact = Fraction(amount * points, WHOLE)
        assert abs(got.get(f"{party}:payable", 0) - exact) < 1
    exact = Fraction(amount * (WHOLE - sum(shares.values())), WHOLE)
    assert abs(got.get("platform:revenue", 0) - exact) < 1


@given(st.integers(1, 10**9), agreements())
def test_the_order_in_which_the_parties_are_named_changes_nothing(
    amount: int, shares: dict[str, int]
) -> None:
    other = dict(reversed(shares.items()))
    assert sale_legs(Money(amount, "usd"), shares, at=NOON) == sale_legs(Money(amount, "usd"), other, at=NOON)


@pytest.mark.parametrize(
    ("amount", "shares", "expected"),
    [
        (4900, {"instructor:a": 7000}, {"instructor:a:payable": 3430, "platform:revenue": 1470}),
        (4900, {}, {"platform:revenue": 4900}),
        (4900, {"instructor:a": 10_000}, {"instructor:a:payable": 4900}),
        (1, {"instructor:a": 7000}, {"instructor:a:payable": 1}),
        (1, {"instructor:a": 3000}, {"platform:revenue": 1}),
        (1, {"instructor:a": 1}, {"platform:revenue": 1}),
        (
            100,
            {"instructor:a": 3333, "instructor:b": 3333, "instructor:c": 3334},
            {"instructor:a:payable": 33, "instructor:b:payable": 33, "instructor:c:payable": 34},
        ),
        (
            999,
            {"instructor:a": 3500, "instructor:b": 3500},
            {"instructor:a:payable": 350, "instructor:b:payable": 349, "platform:revenue": 300},
        ),
    ],
)
def test_sales_worked_out_by_hand(amount: int, shares: dict[str, int], expected: dict[str, int]) -> None:
    got = by_account(sale_legs(Money(amount, "usd"), shares, at=NOON))
    assert got == {"stripe:balance": -amount, **expected}


def test_a_share_waits_for_the_refund_window_and_the_platforms_does_not() -> None:
    waits = {
        leg.key: leg.available_at for leg in sale_legs(Money(4900, "usd"), {"instructor:a": 7000}, at=NOON)
    }
    assert waits == {
        "instructor:a:payable": NOON + REFUND_WINDOW,
        "platform:revenue": None,
        "stripe:balance": None,
    }


def test_shares_of_more_than_the_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="make up"):
        sale_legs(Money(4900, "usd"), {"instructor:a": 7000, "instructor:b": 3001}, at=NOON)


@given(st.integers(1, 10**9))
def test_a_fee_lessens_what_stripe_holds_for_us(amount: int) -> None:
    assert by_account(fee_legs(Money(amount, "usd"))) == {"stripe:fees": -amount, "stripe:balance": amount}
