"""What Stripe takes in one charge: the smallest and the largest amount of each currency. One table, in our minor units.

Stripe measures the smallest in the currency that it settles in. For currencies that it names none for, it wants about
half a US dollar at a rate that only it knows: a low floor stands here, and Stripe's own refusal says the rest.
HUF and TWD are charged in hundredths; paid out they are, like ISK and UGX, in whole units only.
Source: docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, 2026.
"""

from __future__ import annotations

from typing import Final

from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.money import Money, money_text, to_stripe

_SMALLEST: Final = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
    "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50,
    "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
_SMALLEST_OTHERWISE: Final = 50
# By how many digits Stripe reads, so ISK and UGX reach a hundredth of it.
_LARGEST_AT_STRIPE: Final = {"inr": 999_999_999, "huf": 9_999_999_999, "jpy": 9_999_999_999}
_LARGEST_AT_STRIPE_OTHERWISE: Final = 99_999_999


def smallest_charge(currency: str) -> Money:
    """The smallest amount that can be charged. Raises Invalid for a currency that is not served."""
    return Money(_SMALLEST.get(currency, _SMALLEST_OTHERWISE), currency)


def largest_charge(currency: str) -> Money:
    """The largest amount that can be charged. Raises Invalid for a currency that is not served."""
    largest = _LARGEST_AT_STRIPE.get(currency, _LARGEST_AT_STRIPE_OTHERWISE)
    scale = to_stripe(Money(1000, currency)) // 1000
    whole = largest // scale
    try:
        to_stripe(Money(whole, currency))
    except Invalid:
        whole -= whole % 10  # a third decimal has to be 0
    return Money(whole, currency)


def check_charge(amount: Money, *, field: str = "amount") -> list[FieldError]:
    """Why ``amount`` can't be charged, named as ``field``; nothing when it can."""
    smallest, largest = smallest_charge(amount.currency), largest_charge(amount.currency)
    if amount < smallest:
        return [FieldError(field, "amount_too_small", f"The smallest charge is {money_text(smallest)}.")]
    if largest < amount:
        return [FieldError(field, "amount_too_large", f"The largest charge is {money_text(largest)}.")]
    try:
        to_stripe(amount)
    except Invalid as refused:
        return [FieldError(field, error.code, error.message) for error in refused.errors]
    return []
