"""Money is an integer of minor units and a currency; nothing here knows a float.

Exponents follow ISO 4217. Stripe differs for a few currencies, so amounts pass through
``to_stripe`` and ``from_stripe`` on every send and every read.
Source: docs.stripe.com/currencies, "Zero-decimal", "Three-decimal" and "Special cases".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from azora_admin.core.errors import FieldError, Invalid

_ZERO_DECIMAL: Final = frozenset(
    "bif clp djf gnf isk jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split()
)
_THREE_DECIMAL: Final = frozenset("bhd jod kwd omr tnd".split())
# Without decimals by ISO 4217, yet Stripe writes them with two, always 00.
_TWO_DECIMAL_AT_STRIPE: Final = frozenset({"isk", "ugx"})
_TWO_DECIMAL: Final = frozenset(
    "aed aud bgn brl cad chf cny czk dkk eur gbp hkd huf ils inr mxn myr nok nzd php pln ron sek sgd thb try twd "
    "usd uah zar".split()
)
CURRENCIES: Final = tuple(sorted(_ZERO_DECIMAL | _THREE_DECIMAL | _TWO_DECIMAL))
"""Every currency that is served, by its code."""
_SYMBOLS: Final = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "inr": "₹"}
_MINUS: Final = "\u2212"


def exponent(currency: str) -> int:
    """Number of decimals of ``currency`` (ISO 4217, lower case). Raises Invalid for one we don't serve."""
    if currency in _TWO_DECIMAL:
        return 2
    if currency in _ZERO_DECIMAL:
        return 0
    if currency in _THREE_DECIMAL:
        return 3
    raise Invalid([FieldError("currency", "unknown_currency", f"{currency!r} is not a currency we serve.")])


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, yen, fils) of one lower-case ISO 4217 currency."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"money is an integer of minor units, not {self.amount!r}")
        exponent(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @property
    def is_zero(self) -> bool:
        return self.amount == 0

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise TypeError(f"{self.currency} and {other.currency} do not mix")
        return other.amount


def money_text(money: Money) -> str:
    """``$1,234.50``, ``−¥300`` or ``KWD 1.250``: symbol where it is unambiguous, the code elsewhere."""
    places = exponent(money.currency)
    digits = str(abs(money.amount)).rjust(places + 1, "0")
    whole, fraction = (digits[:-places], digits[-places:]) if places else (digits, "")
    figure = f"{int(whole):,}" + (f".{fraction}" if places else "")
    symbol = _SYMBOLS.get(money.currency)
    sign = _MINUS if money.amount < 0 else ""
    return f"{sign}{symbol}{figure}" if symbol else f"{sign}{money.currency.upper()} {figure}"


def to_stripe(money: Money) -> int:
    """The integer that Stripe's API expects for ``money``.

    Raises Invalid where Stripe can't carry the amount (a three-decimal currency must end in 0).
    """
    if money.currency in _TWO_DECIMAL_AT_STRIPE:
        return int(f"{money.amount}00")
    if money.currency in _THREE_DECIMAL and money.amount % 10:
        raise Invalid(
            [FieldError("amount", "not_a_multiple_of_ten", "The last digit of this currency must be 0.")]
        )
    return money.amount


def from_stripe(amount: int, currency: str) -> Money:
    """The Money that an integer in a Stripe answer stands for. Raises ValueError on a fraction we can't hold."""
    if currency in _TWO_DECIMAL_AT_STRIPE:
        whole, rest = divmod(amount, 10**2)
        if rest:
            raise ValueError(f"Stripe sent {amount} {currency}: not a whole unit")
        return Money(whole, currency)
    return Money(amount, currency)
