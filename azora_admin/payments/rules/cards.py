"""How a card is written. Pure."""

from __future__ import annotations

from typing import Final

_BRANDS: Final = {"amex": "American Express", "jcb": "JCB", "unionpay": "UnionPay", "diners": "Diners Club"}


def card_text(brand: str | None, last4: str | None) -> str:
    """``Visa ·· 4242``, or a dash while no card is known."""
    if not brand:
        return "—"
    name = _BRANDS.get(brand, brand.replace("_", " ").capitalize())
    return f"{name} ·· {last4}" if last4 else name
