"""No cent is lost, made or moved to the other side, whatever is split and whatever is given back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.ledger.rules import WHOLE, allocate, cumulative_allocate

AMOUNTS = st.integers(0, 10**12)


@st.composite
def weights(draw: st.DrawFn) -> list[int]:
    cuts = sorted(draw(st.lists(st.integers(0, WHOLE), max_size=6)))
    return [high - low for low, high in zip([0, *cuts], [*cuts, WHOLE], strict=True)]


@st.composite
def refunds(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """The shares of a payment, and refunds that give all of it back."""
    paid = draw(st.integers(1, 20_000))
    shares = list(allocate(paid, draw(weights())))
    cuts = sorted(draw(st.lists(st.integers(0, paid), max_size=8)))
    return shares, [high - low for low, high in zip([0, *cuts], [*cuts, paid], strict=True)]


@given(AMOUNTS, weights())
def test_shares_sum_to_the_total(total: int, parts: list[int]) -> None:
    assert sum(allocate(total, parts)) == total


@given(AMOUNTS, weights())
def test_every_share_is_within_one_unit_of_its_exact_part(total: int, parts: list[int]) -> None:
    for share, weight in zip(allocate(total, parts), parts, strict=True):
        assert abs(share * WHOLE - total * weight) < WHOLE


def test_the_largest_fraction_gets_the_cent_and_a_tie_goes_to_the_first() -> None:
    assert allocate(4999, [7000, 3000]) == (3499, 1500)
    assert allocate(101, [5000, 5000]) == (51, 50)


@pytest.mark.parametrize(("total", "parts"), [(-1, [WHOLE]), (10, [7000]), (10, [11_000, -1000]), (10, [])])
def test_what_is_no_split_is_refused(total: int, parts: list[int]) -> None:
    with pytest.raises(ValueError, match="can't split"):
        allocate(total, parts)


@given(refunds())
def test_each_refund_is_shared_whole_and_nobody_gets_more_by_it(case: tuple[list[int], list[int]]) -> None:
    shares, amounts = case
    before = 0
    for refund in amounts:
        parts = cumulative_allocate(shares, paid=sum(shares), refunded_before=before, refund=refund)
        assert sum(parts) == refund
        assert min(parts) >= 0
        before += refund


@given(refunds())
def test_after_a_full_refund_every_party_stands_at_nought(case: tuple[list[int], list[int]]) -> None:
    shares, amounts = case
    assert _after(shares, amounts) == [0] * len(shares)


@given(refunds(), st.randoms(use_true_random=False))
def test_equal_totals_leave_every_party_equal_whatever_the_order(
    case: tuple[list[int], list[int]], random: object
) -> None:
    shares, amounts = case
    some = amounts[: len(amounts) // 2]
    shuffled = list(some)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _after(shares, some) == _after(shares, shuffled) == _after(shares, [sum(some)])


@given(refunds())
def test_a_refund_never_takes_more_than_the_share(case: tuple[list[int], list[int]]) -> None:
    shares, amounts = case
    for count in range(len(amounts)):
        assert min(_after(shares, amounts[:count])) >= 0


def test_the_sale_that_flooring_would_leave_a_cent_short_comes_out_even() -> None:
    assert _after([700, 300], [333, 333, 334]) == [0, 0]


def test_a_larger_refund_takes_no_cent_back_where_largest_remainder_would() -> None:
    # Hamilton gives (1, 1, 1) of 3 and (0, 2, 2) of 4: the first party would be paid by the second refund.
    shares = [1, 3, 3]
    steps = [cumulative_allocate(shares, paid=7, refunded_before=done, refund=1) for done in range(7)]
    assert all(sorted(step) == [0, 0, 1] for step in steps)


@pytest.mark.parametrize(
    ("shares", "paid", "before", "refund"),
    [([70, 30], 101, 0, 1), ([110, -10], 100, 0, 1), ([70, 30], 100, 90, 11), ([70, 30], 100, 0, -1)],
)
def test_what_is_no_refund_is_refused(shares: list[int], paid: int, before: int, refund: int) -> None:
    with pytest.raises(ValueError, match=r"shares of|can't be refunded"):
        cumulative_allocate(shares, paid=paid, refunded_before=before, refund=refund)


def test_nothing_paid_gives_nothing_back() -> None:
    assert cumulative_allocate([0, 0], paid=0, refunded_before=0, refund=0) == (0, 0)


def _after(shares: list[int], amounts: list[int]) -> list[int]:
    left, before = list(shares), 0
    for refund in amounts:
        parts = cumulative_allocate(shares, paid=sum(shares), refunded_before=before, refund=refund)
        left = [have - part for have, part in zip(left, parts, strict=True)]
        before += refund
    return left
