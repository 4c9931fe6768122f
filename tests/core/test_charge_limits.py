"""The smallest and largest charge of each currency, as Stripe's table has them in 2026."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.charge_limits import check_charge, largest_charge, smallest_charge
from azora_admin.core.errors import Invalid
from azora_admin.core.money import Money, from_stripe, money_text, to_stripe

# As docs.stripe.com/currencies prints them.
PRINTED = (
    "$0.50, AED 2.00, AUD 0.50, BGN 1.00, BRL 0.50, CAD 0.50, CHF 0.50, CZK 15.00, DKK 2.50, €0.50, £0.30, HKD 4.00, "
    "HUF 175.00, ₹0.50, ¥50, MXN 10.00, MYR 2.00, NOK 3.00, NZD 0.50, PLN 2.00, RON 2.00, SEK 3.00, SGD 0.50, THB 10.00"
)
NAMED = (
    "usd aed aud bgn brl cad chf czk dkk eur gbp hkd huf inr jpy mxn myr nok nzd pln ron sek sgd thb".split()
)
UNNAMED = ("krw", "isk", "ugx", "twd", "kwd", "bhd", "zar", "xof", "vnd")
currencies = st.sampled_from((*NAMED, *UNNAMED))


def test_the_smallest_charges_are_those_that_stripe_prints() -> None:
    assert ", ".join(money_text(smallest_charge(currency)) for currency in NAMED) == PRINTED


@pytest.mark.parametrize("currency", UNNAMED)
def test_a_currency_without_a_stated_minimum_has_the_stated_floor(currency: str) -> None:
    assert smallest_charge(currency) == Money(50, currency)


@pytest.mark.parametrize(
    ("currency", "text"),
    [
        ("usd", "$999,999.99"),
        ("inr", "₹9,999,999.99"),
        ("jpy", "¥9,999,999,999"),
        ("krw", "KRW 99,999,999"),
        ("isk", "ISK 999,999"),
        ("kwd", "KWD 99,999.990"),
    ],
)
def test_the_largest_charge_is_what_stripe_can_write(currency: str, text: str) -> None:
    assert money_text(largest_charge(currency)) == text


@given(st.data(), currencies)
def test_what_can_be_charged_is_between_the_two_and_survives_the_way_to_stripe(
    data: st.DataObject, currency: str
) -> None:
    smallest, largest = smallest_charge(currency), largest_charge(currency)
    amount = Money(data.draw(st.integers(1, largest.amount + 1000)), currency)
    errors = check_charge(amount, field="price")
    if errors:
        assert {error.field for error in errors} == {"price"}
    else:
        assert smallest <= amount <= largest
        assert from_stripe(to_stripe(amount), currency) == amount
    assert [error.code == "amount_too_small" for error in errors] == [amount < smallest for _ in errors]


@given(currencies)
def test_both_ends_can_be_charged_and_nothing_beyond_them(currency: str) -> None:
    smallest, largest = smallest_charge(currency), largest_charge(currency)
    assert check_charge(smallest) == check_charge(largest) == []
    (too_small,) = check_charge(smallest - Money(1, currency))
    (too_large,) = check_charge(largest + Money(1, currency))
    assert (too_small.code, too_large.code) == ("amount_too_small", "amount_too_large")
    assert money_text(smallest) in too_small.message
    assert money_text(largest) in too_large.message


def test_a_third_decimal_is_refused_before_stripe_refuses_it() -> None:
    (refused,) = check_charge(Money(1001, "kwd"))
    assert refused.code == "not_a_multiple_of_ten"


def test_a_currency_that_is_not_served_has_no_limits() -> None:
    with pytest.raises(Invalid):
        smallest_charge("xxx")
