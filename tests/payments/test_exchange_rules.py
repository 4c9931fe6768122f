"""An exchange's legs: each currency by itself sums to nought, and our balance at Stripe ends where Stripe has it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.money import Money
from azora_admin.payments.rules.exchange import Exchange, exchange_legs, moves

AMOUNTS = st.integers(-(10**12), 10**12)


def exchange(presented: Money, settled: Money) -> Exchange:
    return Exchange("txn_1", "ch_1", "charge", presented, settled, None, datetime(2026, 7, 1, tzinfo=UTC))


@given(AMOUNTS, AMOUNTS)
def test_the_first_currency_leaves_our_balance_and_the_second_stands_there(first: int, second: int) -> None:
    told = exchange(Money(first, "jpy"), Money(second, "kwd"))
    legs = exchange_legs(told)
    assert moves(told) is bool(first or second)
    sums: Counter[tuple[str, str]] = Counter()
    for leg in legs:
        assert leg.amount
        sums[leg.key, leg.asset] += leg.amount
    for asset, held in (("jpy", -first), ("kwd", second)):
        assert -sums["stripe:balance", asset] == held
        assert sums["stripe:exchange", asset] == held


def test_money_in_its_own_currency_is_not_exchanged() -> None:
    assert not moves(exchange(Money(4900, "usd"), Money(4900, "usd")))
