"""Many refunds at once: what of a selection can be refunded, and whether that is still what was agreed to. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from azora_admin.core.errors import Conflict, DomainError, FieldError, Invalid
from azora_admin.core.ids import PaymentId
from azora_admin.core.money import Money, exponent
from azora_admin.payments.rules.refunds import Limits, Refundable, amount_to_refund

MOST: Final = 5000


@dataclass(frozen=True, slots=True)
class Chosen:
    """A payment that was chosen, as far as refunds are concerned."""

    payment_id: PaymentId
    refundable: Refundable


@dataclass(frozen=True, slots=True)
class Item:
    """What a payment of the selection gives back; or why it gives nothing."""

    payment_id: PaymentId
    amount: Money | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """Everything that a run will do: ``items`` in the order in which it does them, ``left_out`` with their reasons."""

    items: Sequence[Item]
    left_out: Sequence[Item]
    sums: Sequence[Money]
    needs_approval: bool

    @property
    def token(self) -> str:
        """What whoever agrees agrees to: another one as soon as the count or a sum is another."""
        return " ".join([str(len(self.items)), *(f"{sum_.amount}{sum_.currency}" for sum_ in self.sums)])


def plan_run(chosen: Sequence[Chosen], limits: Limits) -> BulkPlan:
    """What refunding all that is left of each of ``chosen`` comes to. Raises Invalid when nothing can be refunded."""
    judged = [_item(one) for one in chosen]
    items = [one for one in judged if one.amount is not None]
    if not items:
        raise Invalid([FieldError("form", "nothing_to_refund", "None of these payments can be refunded.")])
    if len(items) > MOST:
        text = f"Choose up to {MOST:,} payments: these are {len(items):,}."
        raise Invalid([FieldError("form", "too_many", text)])
    sums = _sums(items)
    return BulkPlan(
        items=items,
        left_out=[one for one in judged if one.amount is None],
        sums=sums,
        needs_approval=any(limits.alone * 10 ** exponent(one.currency) < one.amount for one in sums),
    )


def check_agreement(plan: BulkPlan, *, token: str, typed_count: str) -> None:
    """Raises Conflict ``selection_changed`` when this is no longer what was agreed to, Invalid for another count."""
    if token != plan.token:
        raise Conflict(
            "selection_changed", "Meanwhile this is another number of payments, or another sum. Look again."
        )
    if typed_count.strip().replace(",", "") != str(len(plan.items)):
        text = f"Enter {len(plan.items):,}, the number of payments that are refunded."
        raise Invalid([FieldError("count", "wrong_count", text)])


def _item(chosen: Chosen) -> Item:
    try:
        return Item(chosen.payment_id, amount_to_refund(chosen.refundable, None))
    except DomainError as refused:
        return Item(chosen.payment_id, None, refused.detail)


def _sums(items: Sequence[Item]) -> list[Money]:
    found: defaultdict[str, int] = defaultdict(int)
    for one in items:
        if one.amount is not None:
            found[one.amount.currency] += one.amount.amount
    return [Money(amount, currency) for currency, amount in sorted(found.items())]
