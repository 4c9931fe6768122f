"""Shares without a lost cent.

A sale is split by largest remainder (Hamilton's method: floor every share, hand the units left over to the largest
fractions). A refund is *not*: Hamilton's method has the Alabama paradox, a larger total can give a party less (4,900
cents over 2,107, 637 and 2,156: 147 of the 4,900 steps take a cent back from somebody), so the difference between
two cumulative refunds could change its sign. Refunds therefore use the Webster (Sainte-Laguë) divisor method, which
hands out cent after cent in one fixed order. For two parties the two methods agree, ties aside.
Source: Balinski and Young, "Fair Representation", 2nd ed. 2001, appendix A: divisor methods are house-monotone.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

WHOLE: Final = 10_000
"""All of it, in basis points."""


def allocate(total: int, basis_points: Sequence[int]) -> tuple[int, ...]:
    """Shares of ``total`` (minor units or tokens), one per weight, which sum to it exactly.

    The weights are basis points and make up the whole. Ties go to the party named first.
    Raises ValueError for a negative total or weight, or when the weights are not the whole.
    """
    if total < 0 or min(basis_points, default=0) < 0 or sum(basis_points) != WHOLE:
        raise ValueError(f"can't split {total} by {list(basis_points)}: the weights must make up {WHOLE}")
    parts = [divmod(total * weight, WHOLE) for weight in basis_points]
    left = total - sum(whole for whole, _ in parts)
    by_fraction = sorted(range(len(parts)), key=lambda place: (-parts[place][1], place))
    lucky = set(by_fraction[:left])
    return tuple(whole + (place in lucky) for place, (whole, _) in enumerate(parts))


def cumulative_allocate(
    shares: Sequence[int], *, paid: int, refunded_before: int, refund: int
) -> tuple[int, ...]:
    """What each party gives back of ``refund``, given its original share of ``paid`` and what went back before.

    Whatever the refunds: each one's parts sum to it, no part is negative, after equal totals every party stands
    equally, and after ``paid`` every party stands at nought. All in minor units.
    Raises ValueError when the shares are not those of ``paid`` or the refunds exceed it.
    """
    if min(shares, default=0) < 0 or sum(shares) != paid:
        raise ValueError(f"{list(shares)} are not the shares of {paid}")
    if refund < 0 or refunded_before < 0 or refunded_before + refund > paid:
        raise ValueError(f"{refund} after {refunded_before} can't be refunded of {paid}")
    before = _webster(refunded_before, shares)
    after = _webster(refunded_before + refund, shares)
    return tuple(new - old for new, old in zip(after, before, strict=True))


def _webster(total: int, weights: Sequence[int]) -> list[int]:
    """The first ``total`` units, in the order of weight / (2 × unit − 1), ties to the party named first."""
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    # Every unit whose quotient is strictly above whole / (2 × total): a beginning of that order, near its end.
    given = [(2 * total * weight + whole - 1) // (2 * whole) for weight in weights]
    while sum(given) < total:
        given[_next_party(given, weights)] += 1
    while sum(given) > total:
        given[_last_party(given, weights)] -= 1
    return given


def _next_party(given: Sequence[int], weights: Sequence[int]) -> int:
    return max(range(len(given)), key=lambda place: (Fraction(weights[place], 2 * given[place] + 1), -place))


def _last_party(given: Sequence[int], weights: Sequence[int]) -> int:
    holding = [place for place in range(len(given)) if given[place] > 0]
    return min(holding, key=lambda place: (Fraction(weights[place], 2 * given[place] - 1), -place))
