"""The entry that cures a difference: after it the book says of the movement what Stripe's statement says. Pure.

The legs at Stripe follow from the difference alone; what stands against them is for a person to say, from a few
accounts that make sense. Stripe's statement is taken as right: it is what the bank pays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from azora_admin.core.money import Money
from azora_admin.ledger.rules import Leg, credit, debit, without_zero
from azora_admin.reconciliation.rules.movements import BOOKED, ENTRY, Movement, of

RULE_VERSION: Final = "reconciliation/1"
ADJUSTMENTS: Final = "platform:adjustments"
BANK: Final = "bank:balance"
_TO_THE_BANK: Final = frozenset({"payout", "payout_cancel", "payout_failure", "topup", "topup_reversal"})


def correction_legs(movement: Movement, counter: str) -> tuple[Leg, ...]:
    """The legs that make our side theirs, with ``counter`` standing against what moves besides fees.

    None where the book can't hold what Stripe says.
    """
    if not movement.is_readable:
        return ()
    return without_zero(
        leg for currency in movement.currencies for leg in _legs_in(movement, currency, counter)
    )


def counters_for(movement: Movement, parties: Sequence[str]) -> list[str]:
    """The accounts that may stand against a correction, the likeliest first.

    ``parties``: those who got a share of the payment, if it is one of ours.
    """
    if movement.category in _TO_THE_BANK:
        return [BANK, ADJUSTMENTS]
    others = ["platform:revenue", *parties] if movement.category in (*BOOKED, ENTRY) else [BANK]
    return list(dict.fromkeys([ADJUSTMENTS, *others]))


def legs_as_json(legs: Sequence[Leg]) -> list[dict[str, Any]]:
    """Legs as a decision keeps them."""
    return [{"key": leg.key, "asset": leg.asset, "amount": leg.amount} for leg in legs]


def legs_from_json(stored: Sequence[Mapping[str, Any]]) -> tuple[Leg, ...]:
    """Legs as they were kept."""
    return tuple(Leg(one["key"], one["asset"], one["amount"]) for one in stored)


def _legs_in(movement: Movement, currency: str, counter: str) -> list[Leg]:
    their, our = of(movement.theirs, currency), of(movement.ours, currency)
    gross, fee = their.gross - our.gross, their.fee - our.fee
    legs = [
        _leg("stripe:balance", currency, -(gross - fee)),
        _leg("stripe:fees", currency, -fee),
        _leg(counter, currency, gross),
    ]
    return sorted(legs, key=lambda leg: leg.amount > 0)  # debits first, as people write them


def _leg(key: str, currency: str, amount: int) -> Leg:
    """``amount`` is credit-positive."""
    side = credit if amount >= 0 else debit
    return side(key, Money(abs(amount), currency))
