"""What a dispute does to the books, by Stripe's word, in whatever order the news comes. Pure.

Stripe tells the whole dispute each time: its status, and every balance transaction that it caused. A movement is booked
once, under its own id; what is withheld from the parties follows from the status. So any order of events, and any
number of them, ends in the same books.

opened    the bank took money: the parties give their part, as with a refund; it is withheld until the bank decides,
          against what Stripe holds for the bank (``stripe:disputed``). The fee is the platform's
won       money came back: the parties get what they gave
lost      what was withheld is written off: it is the payer's
reopened  an appeal: what was written off is withheld again
Source: docs.stripe.com/disputes/how-disputes-work, docs/decisions/0029.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from azora_admin.core.errors import DomainError
from azora_admin.core.money import Money
from azora_admin.ledger.rules import Leg, credit, debit, without_zero
from azora_admin.payments.rules.returns import Share, parts_between

RULE_VERSION: Final = "dispute/1"
# A question of the bank's that moves no money; it may still become a chargeback.
INQUIRY: Final = ("warning_needs_response", "warning_under_review", "warning_closed")
ANSWERABLE: Final = ("needs_response", "warning_needs_response")
LOST: Final = ("lost", "prevented")
CLOSED: Final = ("won", "warning_closed", *LOST)
STATUSES: Final = (
    "needs_response",
    "under_review",
    "appeal_needs_response",
    "appeal_under_review",
    *INQUIRY,
    "won",
    *LOST,
)
# What a bank is told, and how far that is.
ANSWER_KINDS: Final = ("evidence", "accept")
ANSWER_STATES: Final = ("reserved", "unknown", "sent", "failed")
# Days before the time to answer ends on which finance is reminded.
REMINDERS: Final = (7, 3, 1)
# About what Stripe takes for a dispute, in minor units, by the currency that it settles in (stripe.com/pricing; from
# memory, and enough for a suggestion). For others nothing is suggested.
_DISPUTE_FEES: Final = {
    "usd": 1500, "eur": 2000, "gbp": 2000, "chf": 2000, "cad": 1500, "aud": 2500, "nzd": 2500, "sgd": 1500,
    "jpy": 1300, "hkd": 8500, "dkk": 15000, "nok": 15000, "sek": 15000, "pln": 8000, "brl": 5500, "mxn": 30000,
}  # fmt: skip
# An open dispute is looked at each day, a decided one a while after, should an event have been lost.
_OPEN_ASK: Final = timedelta(days=1)
_LOOKS: Final = tuple(timedelta(days=days) for days in (1, 7, 30, 90))


class DisputeMismatch(DomainError):
    """Stripe gave back more than it took. Nothing is booked; a person has to look."""

    def __init__(self, dispute: str) -> None:
        super().__init__(409, "dispute_mismatch", f"Stripe gave back more of {dispute} than it had taken.")


@dataclass(frozen=True, slots=True)
class Movement:
    """A balance transaction of a dispute. ``taken`` from us, negative when it came back; ``fee`` likewise."""

    id: str
    taken: Money
    fee: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Where the books stand: what the bank has of the payment, what of it is withheld from the parties, and how often
    that was decided about."""

    withdrawn: Money
    withheld: Money
    decisions: int


@dataclass(frozen=True, slots=True)
class Posting:
    """An entry to be: ``occurred_at`` None when it follows from the status alone."""

    kind: str
    reference: str
    legs: tuple[Leg, ...]
    occurred_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """What to post, and where the books stand then."""

    postings: Sequence[Posting]
    held: Held


def is_inquiry(status: str) -> bool:
    return status in INQUIRY


def is_taken(movement: Movement) -> bool:
    """Whether the bank took something by it, if only a fee; else it gave back."""
    return movement.taken.amount > 0 or (movement.taken.is_zero and movement.fee.amount > 0)


def is_closed(status: str) -> bool:
    return status in CLOSED


def bring(
    dispute_id: str, held: Held, news: Sequence[Movement], status: str, *, shares: Sequence[Share], gone: int
) -> Step:
    """What the movements that are new and the status make of the books.

    ``gone``: all that is gone of the sale so far, in minor units, what this dispute took included.
    Raises DisputeMismatch.
    """
    postings: list[Posting] = []
    for movement in news:
        posting, after = _moved(dispute_id, held, movement, shares=shares, gone=gone)
        gone += (after.withdrawn - held.withdrawn).amount
        postings.append(posting)
        held = after
    decided = _decided(dispute_id, held, status)
    return decided if not postings else Step((*postings, *decided.postings), decided.held)


def next_ask(status: str, *, closed_at: datetime | None, now: datetime) -> datetime | None:
    """When Stripe is asked about the dispute next; None: never."""
    if closed_at is None or not is_closed(status):
        return now + _OPEN_ASK
    return next((closed_at + pause for pause in _LOOKS if closed_at + pause > now), None)


def reminder(due_at: datetime, *, now: datetime) -> int | None:
    """Which of ``REMINDERS`` it is time for: the last that has come; None before the first and after the end."""
    if now >= due_at:
        return None
    return min((days for days in REMINDERS if due_at - now <= timedelta(days=days)), default=None)


def suggests_refund(left: Money) -> bool:
    """Whether a full refund of what is ``left`` costs less than the dispute that a warning announces."""
    return 0 < left.amount <= _DISPUTE_FEES.get(left.currency, 0)


def _moved(
    dispute_id: str, held: Held, movement: Movement, *, shares: Sequence[Share], gone: int
) -> tuple[Posting, Held]:
    taken = movement.taken
    withdrawn = held.withdrawn + taken
    if withdrawn.amount < 0:
        raise DisputeMismatch(dispute_id)
    took = is_taken(movement)
    if took:
        legs = _opened_legs(dispute_id, taken, shares=shares, gone=gone)
        withheld = held.withheld + taken
    else:
        released = min(held.withheld, -taken)
        legs = _won_legs(dispute_id, -taken, released, shares=shares, gone=gone)
        withheld = held.withheld - released
    posting = Posting(
        "dispute_opened" if took else "dispute_won",
        movement.id,
        without_zero((*legs, *_fee_legs(movement.fee))),
        movement.at,
    )
    return posting, replace(held, withdrawn=withdrawn, withheld=withheld)


def _decided(dispute_id: str, held: Held, status: str) -> Step:
    """Withheld is all that the bank has, until it is lost; then nothing."""
    wanted = Money.zero(held.withdrawn.currency) if status in LOST else held.withdrawn
    change = wanted - held.withheld
    if change.is_zero:
        return Step((), held)
    number = held.decisions + 1
    account = _withheld(dispute_id)
    if change.amount < 0:
        kind, legs = "dispute_lost", (debit(account, -change), credit("stripe:disputed", -change))
    else:
        kind, legs = "dispute_reopened", (debit("stripe:disputed", change), credit(account, change))
    posting = Posting(kind, f"{dispute_id}:{number}", legs, None)
    return Step((posting,), replace(held, withheld=wanted, decisions=number))


def _opened_legs(dispute_id: str, taken: Money, *, shares: Sequence[Share], gone: int) -> tuple[Leg, ...]:
    parts = parts_between(shares, below=gone, amount=taken)
    return (
        *(debit(share.key, part, share.available_at) for share, part in parts),
        credit(_withheld(dispute_id), taken),
        debit("stripe:disputed", taken),
        credit("stripe:balance", taken),
    )


def _won_legs(
    dispute_id: str, returned: Money, released: Money, *, shares: Sequence[Share], gone: int
) -> tuple[Leg, ...]:
    parts = parts_between(shares, below=gone - returned.amount, amount=returned)
    return (
        debit("stripe:balance", returned),
        credit("stripe:disputed", released),
        debit(_withheld(dispute_id), released),
        *(credit(share.key, part, share.available_at) for share, part in parts),
    )


def _fee_legs(fee: Money) -> tuple[Leg, ...]:
    """What a dispute costs is the platform's, whoever sold."""
    if fee.amount < 0:
        return (credit("stripe:fees", -fee), debit("stripe:balance", -fee))
    return (debit("stripe:fees", fee), credit("stripe:balance", fee))


def _withheld(dispute_id: str) -> str:
    return f"dispute:{dispute_id}:withheld"
