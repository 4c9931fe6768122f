"""Requests for refunds in the words, colours and icons that people see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from azora_admin.web.statuses import REFUND, Look

LEARNER_REASONS: Final[Mapping[str, str]] = {
    "changed_mind": "I changed my mind",
    "not_as_expected": "It is not what I expected",
    "wrong_level": "It is too easy or too hard",
    "technical_problem": "It did not work for me",
    "bought_twice": "I bought it twice",
    "other": "Another reason",
}
VERDICT: Final[Mapping[str, Look]] = {
    "automatic": Look("good", "Within policy", "check"),
    "queue": Look("good", "Within policy", "check"),
    "outside": Look("warn", "Outside policy", "circle-alert"),
}
RUN: Final[Mapping[str, Look]] = {
    "waiting": Look("warn", "Needs approval", "user-check"),
    "running": Look("info", "Running", "refresh-cw"),
    "done": Look("good", "Done", "check"),
    "cancelled": Look("idle", "Cancelled", "x"),
    "turned_down": Look("idle", "Turned down", "x"),
}
# What became of an item of a run that has no refund.
_ITEM: Final[Mapping[str, Look]] = {
    "queued": Look("idle", "Waiting its turn", "clock"),
    "refused": Look("bad", "Not refunded", "circle-alert"),
    "cancelled": Look("idle", "Cancelled", "x"),
}
OUTCOMES: Final[Mapping[str, str]] = {
    "automatic": "Back at once",
    "queue": "A person looks",
    "outside": "Outside the policy",
}
_STATES: Final[Mapping[str, Look]] = {
    "open": Look("info", "Being looked at", "clock"),
    "declined": Look("idle", "Declined", "x"),
    "withdrawn": Look("idle", "Withdrawn", "x"),
}


def request_look(state: str, refund_state: str | None) -> Look:
    """How a request looks: once it is approved, as its refund does."""
    if state == "approved" and refund_state is not None:
        return _STATES["open"] if refund_state == "waiting" else REFUND[refund_state]
    return _STATES[state]


def item_look(outcome: str) -> Look:
    """How an item of a run looks: once it has a refund, as that does."""
    return _ITEM[outcome] if outcome in _ITEM else REFUND[outcome]


def learner_reason_words(reason: str) -> str:
    """Why a payer wants their money back."""
    return LEARNER_REASONS[reason]
