"""Amounts as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.errors import Invalid
from azora_admin.core.money import Money
from azora_admin.web.amounts import plain_amount, read_amount


@pytest.mark.parametrize(
    ("typed", "currency", "minor"),
    [
        ("12", "usd", 1200),
        (" 12.5 ", "usd", 1250),
        ("12.", "usd", 1200),
        ("1,234.50", "usd", 123450),
        ("1234", "jpy", 1234),
        ("1.250", "kwd", 1250),
        ("0", "usd", 0),
    ],
)
def test_an_amount_is_read_in_minor_units(typed: str, currency: str, minor: int) -> None:
    assert read_amount(typed, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "typed", ["", "a", "-1", "1.234", "1,5", "12,50", "1e3", "½", "1 000", ".5", "1,2345"]
)
def test_what_could_mean_something_else_is_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_amount(typed, "usd")
    assert [one.field for one in refused.value.errors] == ["amount"]


@given(st.integers(0, 10**12 - 1), st.sampled_from(["usd", "jpy", "kwd"]))
def test_what_stands_in_a_field_is_read_as_it_was(amount: int, currency: str) -> None:
    money = Money(amount, currency)
    assert read_amount(plain_amount(money), currency) == money
