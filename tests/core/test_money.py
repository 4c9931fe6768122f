"""Money keeps to integers and to one currency, and survives the way to Stripe and back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.errors import Invalid
from azora_admin.core.money import Money, exponent, from_stripe, money_text, to_stripe

TWO_DECIMALS = ("usd", "eur", "gbp", "inr", "huf", "twd")
NO_DECIMALS = ("jpy", "krw", "vnd", "clp", "xof")
TWO_ZEROS_AT_STRIPE = ("isk", "ugx")
THREE_DECIMALS = ("bhd", "jod", "kwd", "omr", "tnd")

amounts = st.integers(-(10**15), 10**15)
currencies = st.sampled_from(TWO_DECIMALS + NO_DECIMALS + TWO_ZEROS_AT_STRIPE + THREE_DECIMALS)


@st.composite
def sendable(draw: st.DrawFn) -> Money:
    """Money that Stripe's API can carry."""
    currency = draw(currencies)
    amount = draw(amounts)
    return Money(amount * 10 if currency in THREE_DECIMALS else amount, currency)


@given(sendable())
def test_what_is_sent_to_stripe_comes_back_the_same(money: Money) -> None:
    assert from_stripe(to_stripe(money), money.currency) == money


@given(amounts, st.sampled_from(TWO_DECIMALS + NO_DECIMALS))
def test_most_currencies_are_written_at_stripe_as_here(amount: int, currency: str) -> None:
    assert to_stripe(Money(amount, currency)) == amount


@given(amounts, st.sampled_from(TWO_ZEROS_AT_STRIPE))
def test_currencies_without_decimals_that_stripe_writes_with_two_get_two_noughts(
    amount: int, currency: str
) -> None:
    assert to_stripe(Money(amount, currency)) == amount * 10**2


@given(amounts.filter(lambda amount: amount % 10 != 0), st.sampled_from(THREE_DECIMALS))
def test_three_decimals_that_stripe_can_not_carry_are_refused(amount: int, currency: str) -> None:
    with pytest.raises(Invalid) as refused:
        to_stripe(Money(amount, currency))
    assert refused.value.errors[0].field == "amount"


@given(amounts.filter(lambda amount: amount % 100 != 0), st.sampled_from(TWO_ZEROS_AT_STRIPE))
def test_a_fraction_of_a_currency_without_fractions_is_not_rounded_away(amount: int, currency: str) -> None:
    with pytest.raises(ValueError, match="not a whole unit"):
        from_stripe(amount, currency)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (123450, "usd", "$1,234.50"),
        (0, "usd", "$0.00"),
        (5, "usd", "$0.05"),
        (-5, "usd", "−$0.05"),
        (-123450, "eur", "−€1,234.50"),
        (300, "jpy", "¥300"),
        (0, "jpy", "¥0"),
        (-300, "jpy", "−¥300"),
        (1250, "kwd", "KWD 1.250"),
        (7, "kwd", "KWD 0.007"),
        (-7, "kwd", "−KWD 0.007"),
        (1500, "isk", "ISK 1,500"),
        (4900, "cad", "CAD 49.00"),
        (10**20 + 1, "usd", "$1,000,000,000,000,000,000.01"),
    ],
)
def test_money_reads_as_people_write_it(amount: int, currency: str, text: str) -> None:
    assert money_text(Money(amount, currency)) == text


@given(amounts, currencies)
def test_the_text_of_money_holds_all_its_digits(amount: int, currency: str) -> None:
    text = money_text(Money(amount, currency))
    places = exponent(currency)
    fraction = text.rpartition(".")[2] if places else ""
    assert len(fraction) == places
    digits = "".join(letter for letter in text if letter.isascii() and letter.isdigit())
    assert int(digits) == abs(amount)
    assert text.startswith("\u2212") == (amount < 0)
    assert "-" not in text


@given(amounts, amounts, currencies)
def test_money_of_one_currency_adds_and_orders_as_its_integers_do(
    one: int, other: int, currency: str
) -> None:
    left, right = Money(one, currency), Money(other, currency)
    assert (left + right).amount == one + other
    assert left - right == -(right - left)
    assert (left < right, left <= right, left > right, left >= right, left == right) == (
        one < other,
        one <= other,
        one > other,
        one >= other,
        one == other,
    )
    assert (left - left).is_zero
    assert left + Money.zero(currency) == left


@given(st.tuples(currencies, currencies).filter(lambda pair: pair[0] != pair[1]), amounts)
def test_two_currencies_do_not_mix(pair: tuple[str, str], amount: int) -> None:
    left, right = Money(amount, pair[0]), Money(amount, pair[1])
    assert left != right
    for mix in (left.__add__, left.__sub__, left.__lt__, left.__le__):
        with pytest.raises(TypeError, match="do not mix"):
            mix(right)


@pytest.mark.parametrize("amount", [True, False, 1.0, 0.1, "1", None])
def test_only_an_integer_is_an_amount(amount: Any) -> None:
    with pytest.raises(TypeError, match="integer of minor units"):
        Money(amount, "usd")


@given(st.text(max_size=4).filter(lambda text: not re.fullmatch("[a-z]{3}", text)))
def test_whatever_is_not_three_lower_case_letters_is_no_currency(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        exponent(text)
    assert refused.value.errors[0].field == "currency"


@pytest.mark.parametrize("currency", ["USD", "Usd", "xxx", "", "azr", "us", "usd "])
def test_money_of_a_currency_that_is_not_served_can_not_be_made(currency: str) -> None:
    with pytest.raises(Invalid) as refused:
        Money(100, currency)
    assert refused.value.errors[0].code == "unknown_currency"
