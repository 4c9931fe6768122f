"""Amounts of money as people type them."""

from __future__ import annotations

import re
from typing import Final

from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.money import Money, exponent

_TYPED: Final = re.compile(r"(\d{1,12}|\d{1,3}(?:,\d{3}){1,3})(?:\.(\d*))?")


def read_amount(typed: str, currency: str, *, field: str = "amount") -> Money:
    """``1234.5`` or ``1,234.50`` in the currency's minor units. Raises Invalid naming ``field``."""
    found = _TYPED.fullmatch(typed.strip())
    places = exponent(currency)
    fraction = (found[2] or "") if found else ""
    if found is None or not typed.isascii() or len(fraction) > places:
        example = plain_amount(Money(12 * 10**places, currency))
        raise Invalid([FieldError(field, "not_an_amount", f"Enter an amount like {example}.")])
    return Money(int(found[1].replace(",", "") + fraction.ljust(places, "0")), currency)


def plain_amount(money: Money) -> str:
    """``1234.50``: as it stands in a field. ``money`` is not negative."""
    places = exponent(money.currency)
    digits = str(money.amount).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits
