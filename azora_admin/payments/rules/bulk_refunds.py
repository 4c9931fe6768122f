"""Many refunds at once: what of a selection can be refunded, the lines that this posts, and what is agreed to. Pure.

The lines are those of ``returns``, which every refund posts: a run whose lines would be others by now is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from azora_admin.core.errors import Conflict, DomainError, FieldError, Invalid
from azora_admin.core.ids import PaymentId
from azora_admin.core.money import Money, exponent
from azora_admin.ledger.rules import Leg, legs_hash
from azora_admin.payments.rules import returns
from azora_admin.payments.rules.refunds import Limits, Refundable, amount_to_refund
from azora_admin.payments.rules.returns import Share

MOST: Final = 5000


@dataclass(frozen=True, slots=True)
class Chosen:
    """A payment that was chosen, as far as refunds are concerned; ``shares``: what each party got of it."""

    payment_id: PaymentId
    refundable: Refundable
    shares: Sequence[Share] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """What a payment of the selection gives back, and the lines that post it."""

    payment_id: PaymentId
    amount: Money
    legs: tuple[Leg, ...]

    @property
    def settled_legs(self) -> tuple[Leg, ...]:
        """The lines that are posted when Stripe has paid it out."""
        return returns.settled_legs(str(self.payment_id), self.amount)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A payment of the selection that gives nothing back, and why."""

    payment_id: PaymentId
    refusal: str


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """Everything that a run will do: ``items`` in the order in which it does them, ``left_out`` with their reasons."""

    items: Sequence[Item]
    left_out: Sequence[LeftOut]
    sums: Sequence[Money]
    needs_approval: bool

    @property
    def token(self) -> str:
        """What whoever agrees agrees to: another one as soon as any line of any payment is another."""
        lines = sorted(legs_hash(item.legs) for item in self.items)  # each names its payment
        return sha256(b"".join(lines)).hexdigest()


@dataclass(frozen=True, slots=True)
class AccountTotal:
    """What all lines of a run do to one account; what is on its way back is one account here, not one a payment."""

    key: str
    debit: Money
    credit: Money


def plan_run(chosen: Sequence[Chosen], limits: Limits) -> BulkPlan:
    """What refunding all that is left of each of ``chosen`` comes to. Raises Invalid when nothing can be refunded."""
    judged = [_judged(one) for one in chosen]
    items = [one for one in judged if isinstance(one, Item)]
    if not items:
        raise Invalid([FieldError("form", "nothing_to_refund", "None of these payments can be refunded.")])
    if len(items) > MOST:
        text = f"Choose up to {MOST:,} payments: these are {len(items):,}."
        raise Invalid([FieldError("form", "too_many", text)])
    sums = _sums(items)
    return BulkPlan(
        items=items,
        left_out=[one for one in judged if isinstance(one, LeftOut)],
        sums=sums,
        needs_approval=any(limits.alone * 10 ** exponent(one.currency) < one.amount for one in sums),
    )


def possible_items(chosen: Sequence[Chosen]) -> list[Item]:
    """What each of ``chosen`` that can be refunded now would give back, with its lines."""
    return [one for one in map(_judged, chosen) if isinstance(one, Item)]


def account_totals(items: Sequence[Item]) -> list[AccountTotal]:
    """What the lines of all ``items`` sum to, by account and currency; the largest of each currency first."""
    debits: defaultdict[tuple[str, str], int] = defaultdict(int)
    credits_: defaultdict[tuple[str, str], int] = defaultdict(int)
    for item in items:
        for leg in (*item.legs, *item.settled_legs):
            key = returns.IN_FLIGHT if returns.is_in_flight(leg.key) else leg.key
            side = debits if leg.amount < 0 else credits_
            side[leg.asset, key] += abs(leg.amount)
    keys = sorted({*debits, *credits_}, key=lambda one: (one[0], -max(debits[one], credits_[one]), one[1]))
    return [
        AccountTotal(key, Money(debits[asset, key], asset), Money(credits_[asset, key], asset))
        for asset, key in keys
    ]


def refuse_other_lines(legs: Sequence[Leg], *, agreed: bytes | None) -> None:
    """Raises Conflict ``lines_changed`` when ``legs`` are not those that were agreed to (None: none were kept)."""
    if agreed is not None and legs_hash(legs) != agreed:
        text = "Meanwhile the shares of this payment are refunded otherwise than was agreed to: refund it by itself."
        raise Conflict("lines_changed", text)


def check_agreement(plan: BulkPlan, *, token: str, typed_count: str) -> None:
    """Raises Conflict ``selection_changed`` when this is no longer what was agreed to, Invalid for another count."""
    if token != plan.token:
        raise Conflict(
            "selection_changed",
            "Meanwhile other lines would be posted than those that were shown. Look again.",
        )
    if typed_count.strip().replace(",", "") != str(len(plan.items)):
        text = f"Enter {len(plan.items):,}, the number of payments that are refunded."
        raise Invalid([FieldError("count", "wrong_count", text)])


def _judged(chosen: Chosen) -> Item | LeftOut:
    try:
        amount = amount_to_refund(chosen.refundable, None)
    except DomainError as refused:
        return LeftOut(chosen.payment_id, refused.detail)
    legs = returns.next_legs(str(chosen.payment_id), chosen.shares, payment=chosen.refundable, amount=amount)
    return Item(chosen.payment_id, amount, legs)


def _sums(items: Sequence[Item]) -> list[Money]:
    found: defaultdict[str, int] = defaultdict(int)
    for one in items:
        found[one.amount.currency] += one.amount.amount
    return [Money(amount, currency) for currency, amount in sorted(found.items())]
