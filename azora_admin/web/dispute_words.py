"""A dispute's status, reason and deadline in the words and looks that people see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from azora_admin.core import clock
from azora_admin.web.statuses import Look

DISPUTE: Final[Mapping[str, Look]] = {
    "needs_response": Look("bad", "Needs an answer", "gavel"),
    "under_review": Look("info", "With the bank", "clock"),
    "appeal_needs_response": Look("warn", "Appealed", "gavel"),
    "appeal_under_review": Look("info", "Appeal with the bank", "clock"),
    "warning_needs_response": Look("warn", "Inquiry", "circle-question-mark"),
    "warning_under_review": Look("info", "Inquiry with the bank", "clock"),
    "warning_closed": Look("idle", "Inquiry closed", "check"),
    "won": Look("good", "Won", "check"),
    "lost": Look("idle", "Lost", "x"),
    "prevented": Look("idle", "Settled with the bank", "x"),
}
ANSWER: Final[Mapping[str, Look]] = {
    "reserved": Look("info", "Being sent", "refresh-cw"),
    "unknown": Look("warn", "Asking Stripe", "circle-question-mark"),
    "sent": Look("good", "Sent", "check"),
    "failed": Look("bad", "Failed", "circle-alert"),
}
_SENTENCES: Final = {
    "needs_response": "The bank has taken the money and waits for our evidence. Refunds wait; access stays.",
    "under_review": "The bank has our evidence and decides, usually within two to three months.",
    "appeal_needs_response": "The decision was appealed. The money is withheld again until the bank has decided.",
    "appeal_under_review": "The bank decides about the appeal.",
    "warning_needs_response": "The bank only asks: no money has moved, and the payment can still be refunded. "
    "An answer or a refund keeps it from becoming a dispute.",
    "warning_under_review": "The bank has our answer. No money has moved.",
    "warning_closed": "The bank asked, and leaves it at that. No money has moved.",
    "won": "The bank decided for us: what was withheld is the parties' again once Stripe gives the money back.",
    "lost": "The bank decided for the payer. The money is gone, and access with the last of it.",
    "prevented": "It was settled with the bank before it became a dispute: the payer has the money.",
}
# Source: docs.stripe.com/disputes/categories; anything else keeps its own name.
_REASONS: Final = {
    "bank_cannot_process": "The bank can't process it",
    "credit_not_processed": "A refund was expected",
    "duplicate": "Paid twice",
    "fraudulent": "The cardholder did not pay it",
    "general": "No reason given",
    "product_not_received": "The course was not received",
    "product_unacceptable": "The course was not as described",
    "subscription_canceled": "It was cancelled",
    "unrecognized": "The cardholder does not recognize it",
    "noncompliant": "A rule of the network",
}
_DAY: Final = timedelta(days=1)


def dispute_look(status: str) -> Look:
    """How a dispute's status looks; a status that Stripe has invented since keeps its name."""
    return DISPUTE.get(status) or Look("warn", status.replace("_", " ").capitalize(), "circle-question-mark")


def dispute_words(status: str) -> str:
    """Where a dispute stands, in a sentence."""
    return _SENTENCES.get(status, "Stripe tells of a state that is not known here.")


def dispute_reason_words(reason: str) -> str:
    """Why the payer's bank asks."""
    return _REASONS.get(reason) or reason.replace("_", " ").capitalize()


def fraud_words(fraud_type: str) -> str:
    """What a bank suspects."""
    return fraud_type.replace("_", " ").capitalize()


def answer_look(state: str) -> Look:
    """How an answer to a bank looks. Raises KeyError for a state that this version does not know."""
    return ANSWER[state]


def due_text(due_at: datetime) -> str:
    """How much time is left to answer: ``6 days left``, ``5 hours left``, ``Too late``."""
    left = due_at - clock.now()
    if left <= timedelta(0):
        return "Too late"
    if left >= 2 * _DAY:
        return f"{left // _DAY} days left"
    hours = left // timedelta(hours=1)
    return f"{hours} hours left" if hours > 1 else "Less than two hours left"


def due_look(due_at: datetime) -> Look:
    """The same as a pill: the less is left, the louder."""
    left = due_at - clock.now()
    kind = "bad" if left <= 3 * _DAY else "warn" if left <= 7 * _DAY else "info"
    return Look(kind, due_text(due_at), "clock")  # type: ignore[arg-type]
