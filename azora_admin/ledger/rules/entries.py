"""An entry is a fact in the book: legs that sum to nought per asset, with the cause that explains them.

A draft that breaks a rule is a fault of the program, never of a person: it raises BadEntry, a ValueError.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, TypeAlias

from azora_admin.core.money import Money
from azora_admin.core.tokens import AZR, TokenAmount
from azora_admin.ledger.rules.accounts import kind_of

Amount: TypeAlias = Money | TokenAmount

ENTRY_KINDS: Final = frozenset(
    "sale processing_fee refund_reserved refund_settled refund_failed dispute_opened dispute_won dispute_lost "
    "dispute_reopened "
    "payout_reserved payout_sent payout_paid payout_failed subscription_payment licence_payment "
    "award award_released award_reversed redemption redemption_reversed transfer expiry "
    "settlement_reserved settlement_final settlement_returned correction exchange".split()
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class BadEntry(ValueError):
    """A draft that could never be part of the book."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One account's part of an entry. ``amount`` is credit-positive, in minor units or whole tokens."""

    key: str
    asset: str
    amount: int
    available_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A draft. The pair (kind, reference) names the fact: the book holds it once, whoever posts it how often.

    ``cause`` is the outside event or decision behind it (``stripe:evt_…``), ``rule_version`` the version of the rule
    that computed the legs, ``occurred_at`` when the fact happened (the book adds when it was posted).
    Raises BadEntry for fewer than two legs, a leg of nought, an asset that does not sum to nought.
    """

    kind: str
    reference: str
    legs: tuple[Leg, ...]
    cause: str
    rule_version: str
    occurred_at: datetime
    request_id: str | None = None
    actor: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in ENTRY_KINDS:
            raise BadEntry(f"{self.kind!r} is no kind of entry")
        if not (self.reference and self.cause and self.rule_version):
            raise BadEntry("an entry names its reference, its cause and its rule version")
        if self.occurred_at.tzinfo is None:
            raise BadEntry("an entry needs an aware time")
        _check_legs(self.legs)

    @property
    def legs_hash(self) -> bytes:
        return legs_hash(self.legs)


def debit(key: str, amount: Amount, available_at: datetime | None = None) -> Leg:
    """A leg on the debit side. ``amount`` is not negative; see ``credit`` for ``available_at``."""
    return _leg(key, amount, -1, available_at)


def credit(key: str, amount: Amount, available_at: datetime | None = None) -> Leg:
    """A leg on the credit side. ``amount`` is not negative: the side carries the sign.

    ``available_at`` is part of the fact (a replay must give the same): derive it from when the fact occurred, not
    from the time of posting. Until then the leg counts as pending. Raises BadEntry, or ValueError for an unknown key.
    """
    return _leg(key, amount, 1, available_at)


def without_zero(legs: Iterable[Leg]) -> tuple[Leg, ...]:
    """``legs`` without those of nought: a party may have no share."""
    return tuple(leg for leg in legs if leg.amount)


def asset_of(amount: Amount) -> str:
    """The asset that ``amount`` is counted in: a currency, or ``azr``."""
    return AZR if isinstance(amount, TokenAmount) else amount.currency


def legs_hash(legs: Iterable[Leg]) -> bytes:
    """A hash that says whether two entries have the same legs, in whatever order (SHA-256 of their sorted lines).

    ``queries.proofs`` computes the same in SQL.
    """
    lines = sorted(f"{leg.key}|{leg.asset}|{leg.amount}|{_micros(leg.available_at)}" for leg in legs)
    return sha256("\n".join(lines).encode()).digest()


def _leg(key: str, amount: Amount, sign: int, available_at: datetime | None) -> Leg:
    if amount.amount < 0:
        raise BadEntry(f"{key}: the side carries the sign, so an amount is not negative")
    if available_at is not None and available_at.tzinfo is None:
        raise BadEntry(f"{key}: available_at needs an aware time")
    return Leg(key, asset_of(amount), sign * amount.amount, available_at)


def _check_legs(legs: tuple[Leg, ...]) -> None:
    if len(legs) < 2:
        raise BadEntry("an entry has two legs or more")
    sums: defaultdict[str, int] = defaultdict(int)
    for leg in legs:
        if leg.amount == 0:
            raise BadEntry(f"the leg on {leg.key} is nought")
        if not kind_of(leg.key).holds(leg.asset):
            raise BadEntry(f"{leg.key} is not kept in {leg.asset}")
        sums[leg.asset] += leg.amount
    for asset, total in sums.items():
        if total:
            raise BadEntry(f"the legs in {asset} sum to {total}, not to nought")


def _micros(at: datetime | None) -> str:
    return "" if at is None else str((at - _EPOCH) // timedelta(microseconds=1))
