"""A refund as ledger legs: every party gives back its part of the sale, to the last cent. Pure.

What the parties have given back in all depends on one sum alone, that of the live refunds and of what disputes took,
never on the order: a refund moves the sum up and takes the difference, a failed one moves it down and gives the
difference back. So a full refund leaves every party at nought, whatever failed on the way (docs/decisions/0027). What
goes beyond what was paid (a bank may take what was refunded already) is the platform's: no party gives back more than
it got (docs/decisions/0029).
Source: the legs of the sale itself, not today's split; the divisor method of ``cumulative_allocate``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from azora_admin.core.money import Money
from azora_admin.ledger.rules import Leg, credit, cumulative_allocate, debit, without_zero
from azora_admin.payments.rules.refunds import Refundable

RULE_VERSION: Final = "refund/1"
IN_FLIGHT: Final = "payment:*:refund_in_flight"
"""What stands for the accounts of all payments where they are summed."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a party got of the sale. ``available_at``: a refund takes back pending what is still pending."""

    key: str
    amount: int
    available_at: datetime | None


_BEYOND: Final = Share("platform:adjustments", 0, None)


def reserved_legs(
    payment_id: str, shares: Sequence[Share], *, refunded_before: int, amount: Money
) -> tuple[Leg, ...]:
    """The parties give ``amount`` back into what is on its way to the payer.

    ``refunded_before``: all that is gone of the sale so far, by refunds and by disputes.
    """
    parts = parts_between(shares, below=refunded_before, amount=amount)
    return without_zero(
        (
            *(debit(share.key, part, share.available_at) for share, part in parts),
            credit(_in_flight(payment_id), amount),
        )
    )


def next_legs(
    payment_id: str, shares: Sequence[Share], *, payment: Refundable, amount: Money
) -> tuple[Leg, ...]:
    """``reserved_legs`` of the payment as it stands: what previews show, and the very ones that are posted."""
    return reserved_legs(payment_id, shares, refunded_before=payment.gone.amount, amount=amount)


def settled_legs(payment_id: str, amount: Money) -> tuple[Leg, ...]:
    """Stripe has paid it out: our balance there is less by it."""
    return (debit(_in_flight(payment_id), amount), credit("stripe:balance", amount))


def returned_legs(
    payment_id: str, shares: Sequence[Share], *, refunded_before: int, amount: Money, was_settled: bool
) -> tuple[Leg, ...]:
    """It failed: the parties get it again, from its way or, if it had arrived, from our balance at Stripe.

    ``refunded_before``: all that is gone of the sale, by disputes, too; it includes this refund.
    """
    parts = parts_between(shares, below=refunded_before - amount.amount, amount=amount)
    source = "stripe:balance" if was_settled else _in_flight(payment_id)
    return without_zero(
        (debit(source, amount), *(credit(share.key, part, share.available_at) for share, part in parts))
    )


def parts_between(shares: Sequence[Share], *, below: int, amount: Money) -> list[tuple[Share, Money]]:
    """What each party has to do with the ``amount`` above ``below`` minor units; the platform with what is too much."""
    amounts = [share.amount for share in shares]
    paid = sum(amounts)
    inside = min(below + amount.amount, paid) - min(below, paid)
    parts = cumulative_allocate(amounts, paid=paid, refunded_before=min(below, paid), refund=inside)
    shared = [(share, Money(part, amount.currency)) for share, part in zip(shares, parts, strict=True)]
    return [*shared, (_BEYOND, Money(amount.amount - inside, amount.currency))]


def is_in_flight(key: str) -> bool:
    """Whether the account is one of what is on its way back to a payer."""
    return key.startswith("payment:") and key.endswith(":refund_in_flight")


def _in_flight(payment_id: str) -> str:
    return IN_FLIGHT.replace("*", payment_id)
