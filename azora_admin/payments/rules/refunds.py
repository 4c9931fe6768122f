"""How much may go back, who may send it, and what becomes of a refund by Stripe's word. Pure.

A refund that waits for a second person takes nothing. From ``reserved`` on it is live: it counts against what was paid
until it fails. Stripe's states only ever lead on, so an older picture that comes late changes nothing.
Source: docs.stripe.com/refunds, "Refund object" (``failed`` may come after ``succeeded``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from unicodedata import category

from azora_admin.core.errors import Conflict, FieldError, Invalid
from azora_admin.core.money import Money, exponent, money_text, to_stripe
from azora_admin.payments.rules.settlement import DISPUTED, PAID, pause_before_ask

REASONS: Final = (
    "requested_by_customer",
    "duplicate",
    "fraudulent",
    "course_withdrawn",
    "goodwill",
    "other",
)
# The reasons that Stripe knows, too.
STRIPE_REASONS: Final = frozenset({"requested_by_customer", "duplicate", "fraudulent"})
STATES: Final = ("waiting", "reserved", "unknown", "pending", "succeeded", "failed", "cancelled")
LIVE: Final = frozenset({"reserved", "unknown", "pending", "succeeded"})
# Reserved here, and not known to have reached Stripe.
UNSENT: Final = frozenset({"reserved", "unknown"})
NOTE_LONGEST: Final = 500
Approver: TypeAlias = Literal["finance", "second_person"]
# Stripe forgets an idempotency key after a day; what is older is looked for, and never sent.
SENT_WITHIN: Final = timedelta(hours=23)

_STATE_OF: Final = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "cancelled",
}
_RANK: Final = {
    "waiting": 0,
    "reserved": 0,
    "unknown": 0,
    "pending": 1,
    "succeeded": 2,
    "failed": 3,
    "cancelled": 3,
}
# A bank may send money back weeks later; the event that tells of it can get lost like any other.
_LOOKS: Final = tuple(timedelta(days=days) for days in (1, 3, 7, 15, 30))


@dataclass(frozen=True, slots=True)
class Refundable:
    """A payment as far as refunds are concerned.

    ``refunded`` sums its live refunds, ``withdrawn`` what banks took of it. The two together may be more than was paid.
    """

    status: str
    paid: Money
    refunded: Money
    withdrawn: Money

    @property
    def gone(self) -> Money:
        return self.refunded + self.withdrawn

    @property
    def left(self) -> Money:
        return Money(max((self.paid - self.gone).amount, 0), self.paid.currency)


@dataclass(frozen=True, slots=True)
class Limits:
    """Whole units of a payment's currency that support, and that anybody alone, may have refunded of it in all."""

    support: int
    alone: int


def amount_to_refund(payment: Refundable, asked: int | None) -> Money:
    """The amount, in minor units if ``asked``, else all that is left.

    Raises Conflict ``refund_blocked_by_dispute``, ``payment_not_refundable``, ``payment_refunded``; Invalid (field
    ``amount``) ``refund_exceeds_payment`` for more than is left, or where Stripe can't carry the amount.
    """
    if payment.status == DISPUTED:
        raise Conflict(
            "refund_blocked_by_dispute",
            "The payer's bank asks for this money already: wait for its decision.",
        )
    if payment.status not in PAID:
        raise Conflict("payment_not_refundable", "Only a payment that succeeded can be refunded.")
    if payment.left.is_zero:
        raise Conflict("payment_refunded", _nothing_left(payment))
    amount = payment.left if asked is None else Money(asked, payment.paid.currency)
    if amount.amount <= 0:
        raise _wrong_amount("not_positive", "Enter an amount of more than nothing.", "invalid")
    if payment.left < amount:
        sentence = f"Enter an amount up to {money_text(payment.left)}, what is left on this payment."
        raise _wrong_amount("refund_exceeds_payment", sentence, "refund_exceeds_payment")
    to_stripe(amount)
    return amount


def approver_needed(
    payment: Refundable, amount: Money, limits: Limits, *, may_refund_more: bool, is_own: bool = False
) -> Approver | None:
    """Who has to approve, if anybody: ``finance`` above support's limit, ``second_person`` above what one does alone.

    What counts is all of the payment's refunds together. ``may_refund_more``: the asker's role knows no support limit.
    ``is_own``: the asker paid it, and nobody refunds themselves alone.
    """
    total = payment.refunded + amount
    if not may_refund_more and _units(limits.support, total.currency) < total:
        return "finance"
    return "second_person" if is_own or _units(limits.alone, total.currency) < total else None


def check_why(why: str, missing: str = "Say why: whoever asked for the refund reads it.") -> str:
    """``why`` as it is kept, in one line. Raises Invalid (field ``why``) for one too long, or none: ``missing``."""
    words = " ".join(why.split())
    if not words:
        raise Invalid([FieldError("why", "missing", missing)])
    if len(words) > NOTE_LONGEST:
        text = f"Enter a reason of up to {NOTE_LONGEST} characters."
        raise Invalid([FieldError("why", "too_long", text)])
    if any(category(sign) in ("Cc", "Cs") for sign in words):
        raise Invalid([FieldError("why", "control_character", "Leave out control characters.")])
    return words


def refuse_own_approval(*, is_own: bool) -> None:
    """Raises Conflict ``needs_second_approval`` for whoever asked for the refund themselves."""
    if is_own:
        raise Conflict("needs_second_approval", "You asked for this refund: somebody else has to approve it.")


def next_state(state: str, stripe_status: str) -> str | None:
    """Where Stripe's word takes a refund that is in ``state``; None when it is there, or further, already."""
    told = _STATE_OF.get(stripe_status, "pending")
    return told if _RANK[told] > _RANK[state] else None


def status_of_payment(*, paid: int, returned: int, lost: int) -> str:
    """What a paid payment is called once ``returned`` minor units of it have reached its payer.

    ``lost``: what banks took for good.
    """
    if returned >= paid:
        return "refunded"
    if returned + lost >= paid:
        return "charged_back"
    return "partially_refunded" if returned + lost else "completed"


def next_ask(state: str, *, since: datetime, now: datetime, count: int, first: timedelta) -> datetime | None:
    """When Stripe is asked next about a refund that has been in ``state`` ``since`` then; None: never."""
    if state in UNSENT or state == "pending":
        return now + pause_before_ask(count, first=first)
    looks = [since + pause for pause in _LOOKS if since + pause > now] if state == "succeeded" else []
    return looks[0] if looks else None


def may_be_sent(reserved_at: datetime, *, now: datetime) -> bool:
    """Whether its idempotency key is still sure to be known at Stripe."""
    return now - reserved_at < SENT_WITHIN


def refuse_others_withdrawal(*, is_own: bool) -> None:
    """Raises Conflict ``not_your_refund`` for whoever did not ask for the refund."""
    if not is_own:
        raise Conflict("not_your_refund", "Somebody else asked for this refund: turn it down, with a reason.")


def _nothing_left(payment: Refundable) -> str:
    if payment.withdrawn.is_zero:
        return "All of this payment is refunded already, or on its way back."
    return "Nothing is left of this payment: the payer's bank took it back."


def _units(whole: int, currency: str) -> Money:
    return Money(whole * 10 ** exponent(currency), currency)


def _wrong_amount(code: str, sentence: str, refusal: str) -> Invalid:
    return Invalid([FieldError("amount", code, sentence)], code=refusal)
