"""When a purchase can be refunded, and who has to look first: one function for requests and for simulations. Pure.

The policy is the one that was in force at the purchase; days and progress are those of the request. The limit for going
back by itself counts all that was refunded of the payment, so that parts don't get around it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Final, Literal, TypeAlias

from azora_admin.core.errors import Conflict, FieldError, Invalid
from azora_admin.core.money import Money
from azora_admin.payments.rules.refunds import check_why

Outcome: TypeAlias = Literal["automatic", "queue", "outside"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("automatic", "queue", "outside")
DAYS_MOST: Final = 365
TEXT_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Policy:
    """Within ``days`` of the payment and up to ``most_progress`` percent of the course money goes back on request.

    Up to ``automatic_up_to`` at once; None: never without a person. ``text`` is what payers read.
    """

    version: int
    days: int
    most_progress: int
    automatic_up_to: Money | None
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a policy is held against: whole days since the payment, percent of the course completed, and the money.

    ``refunded`` of the payment went back before, or is on its way.
    """

    days: int
    progress: int
    amount: Money
    refunded: Money


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy says, and why in a sentence for the payer that names the figures."""

    outcome: Outcome
    sentence: str


def judge(policy: Policy, asked: Asked) -> Verdict:
    """``automatic``: goes back at once; ``queue``: within the policy, a person looks; ``outside`` of the policy."""
    beyond = _beyond(policy, asked)
    if beyond:
        return Verdict("outside", " ".join(beyond))
    if _is_small(policy, asked.refunded + asked.amount):
        return Verdict("automatic", "This is within the refund policy: the money goes back at once.")
    return Verdict("queue", "This is within the refund policy. A person looks at it first.")


def days_since(paid_at: datetime, now: datetime) -> int:
    """Whole days from the payment on; a clock that is behind counts as none."""
    return max((now - paid_at).days, 0)


def digest_of(policy: Policy) -> str:
    """What names a simulation: the values, to the letter, and which version they would be, so which one they follow."""
    most = policy.automatic_up_to
    values = (
        policy.version,
        policy.days,
        policy.most_progress,
        most.amount if most else None,
        most.currency if most else None,
        _words(policy.text),
    )
    return sha256(json.dumps(values).encode()).hexdigest()


def refuse_unsimulated(policy: Policy, *, simulated: str, in_force: int) -> None:
    """Raises Conflict when the digest ``simulated`` is not that of ``policy`` as what follows version ``in_force``.

    ``stale_version``: another version came meanwhile; ``not_simulated``: other values, or none, were simulated.
    """
    if policy.version != in_force + 1:
        text = (
            f"Version {in_force} came into force meanwhile. What you entered was simulated anew, beside it."
        )
        raise Conflict("stale_version", text)
    if simulated != digest_of(policy):
        text = "These are not the values that were simulated. They were simulated anew: look at that first."
        raise Conflict("not_simulated", text)


def check_policy(policy: Policy) -> None:
    """Raises Invalid naming each value that can't be in force."""
    errors: list[FieldError] = []
    if not 0 <= policy.days <= DAYS_MOST:
        errors.append(FieldError("days", "out_of_range", f"Enter 0 to {DAYS_MOST} days."))
    if not 0 <= policy.most_progress <= 100:
        errors.append(FieldError("most_progress", "out_of_range", "Enter 0 to 100 percent."))
    if policy.automatic_up_to is not None and policy.automatic_up_to.amount <= 0:
        sentence = "Enter an amount of more than nothing, or leave it empty."
        errors.append(FieldError("automatic_up_to", "not_positive", sentence))
    words = _words(policy.text)
    if not 1 <= len(words) <= TEXT_LONGEST or not words.isprintable():
        sentence = f"Say in 1 to {TEXT_LONGEST} characters what learners may expect."
        errors.append(FieldError("text", "invalid_length", sentence))
    if errors:
        raise Invalid(errors)


def check_change(policy: Policy, why: str) -> tuple[Policy, str]:
    """``policy`` and ``why`` as they are kept. Raises Invalid naming each field that can't be accepted."""
    errors: list[FieldError] = []
    reason = ""
    try:
        check_policy(policy)
    except Invalid as wrong:
        errors += wrong.errors
    try:
        reason = check_why(why, "Say why it changes: it stands in the audit log.")
    except Invalid as wrong:
        errors += wrong.errors
    if errors:
        raise Invalid(errors)
    return replace(policy, text=_words(policy.text)), reason


def _words(text: str) -> str:
    return " ".join(text.split())


def _beyond(policy: Policy, asked: Asked) -> list[str]:
    found = []
    if asked.days > policy.days:
        found.append(
            f"It was paid {_days(asked.days)} ago, and the refund policy allows {_days(policy.days)}."
        )
    if asked.progress > policy.most_progress:
        found.append(
            f"{asked.progress}% of the course is completed, and the refund policy allows {policy.most_progress}%."
        )
    return found


def _is_small(policy: Policy, total: Money) -> bool:
    most = policy.automatic_up_to
    return most is not None and most.currency == total.currency and total.amount <= most.amount


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
