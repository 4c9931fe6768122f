"""AZR, the reward token: whole units only, and no kind of Money, so that the two can't be added by mistake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

AZR: Final = "azr"


@dataclass(frozen=True, slots=True, order=True)
class TokenAmount:
    """A number of whole AZR tokens."""

    amount: int

    def __post_init__(self) -> None:
        if type(self.amount) is not int:
            raise TypeError(f"tokens are whole units, not {self.amount!r}")

    @property
    def is_zero(self) -> bool:
        return self.amount == 0

    def __add__(self, other: TokenAmount) -> TokenAmount:
        return TokenAmount(self.amount + other.amount)

    def __sub__(self, other: TokenAmount) -> TokenAmount:
        return TokenAmount(self.amount - other.amount)

    def __neg__(self) -> TokenAmount:
        return TokenAmount(-self.amount)
