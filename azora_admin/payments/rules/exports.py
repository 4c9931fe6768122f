"""What an export sums to: per currency, by its lines and by the book; the two must say the same. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from azora_admin.core.money import Money

KEPT_FOR: Final = timedelta(days=7)
"""How long the file of an export can be downloaded."""


@dataclass(frozen=True, slots=True)
class Control:
    """One currency's sums. ``agrees``: the lines and the book say the same of each."""

    currency: str
    gross: Money
    refunded: Money
    fee: Money
    agrees: bool

    @property
    def net(self) -> Money:
        return self.gross - self.refunded - self.fee


def added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The sums of two parts: ``{"lines": {currency: {"gross", "refunded", "fee"}}, "book": …}``."""
    result: dict[str, Any] = {}
    for side in sorted({*one, *other}):
        currencies = {*one.get(side, {}), *other.get(side, {})}
        result[side] = {
            code: {
                name: one.get(side, {}).get(code, {}).get(name, 0)
                + other.get(side, {}).get(code, {}).get(name, 0)
                for name in ("gross", "refunded", "fee")
            }
            for code in sorted(currencies)
        }
    return result


def controls(totals: Mapping[str, Any]) -> list[Control]:
    """The book's sums per currency, each held against the lines'."""
    lines, book = totals.get("lines", {}), totals.get("book", {})
    nothing = {"gross": 0, "refunded": 0, "fee": 0}
    found = []
    for code in sorted({*lines, *book}):
        ours = book.get(code, nothing)
        money = {name: Money(ours[name], code) for name in nothing}
        found.append(Control(code, **money, agrees=lines.get(code, nothing) == ours))
    return found
