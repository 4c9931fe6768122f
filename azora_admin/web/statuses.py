"""Every status in the words, colour and icon that people see. One table, so that no page says it otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["good", "info", "warn", "bad", "idle"]


@dataclass(frozen=True, slots=True)
class Look:
    """A pill: its colour says the kind, its icon and word say the rest."""

    kind: Kind
    word: str
    icon: str


PAYMENT: Final[Mapping[str, Look]] = {
    "pending": Look("idle", "Waiting", "clock"),
    "requires_action": Look("warn", "Needs 3-D Secure", "shield-check"),
    "processing": Look("info", "Processing", "refresh-cw"),
    "unknown": Look("warn", "Asking Stripe", "circle-question-mark"),
    "completed": Look("good", "Succeeded", "check"),
    "partially_refunded": Look("warn", "Partly refunded", "undo-2"),
    "refunded": Look("idle", "Refunded", "undo-2"),
    "disputed": Look("bad", "Disputed", "gavel"),
    "charged_back": Look("idle", "Charged back", "gavel"),
    "failed": Look("bad", "Failed", "circle-alert"),
    "cancelled": Look("idle", "Cancelled", "x"),
}
REFUND: Final[Mapping[str, Look]] = {
    "waiting": Look("warn", "Needs approval", "user-check"),
    "reserved": Look("info", "Being sent", "refresh-cw"),
    "unknown": Look("warn", "Asking Stripe", "circle-question-mark"),
    "pending": Look("info", "On its way", "clock"),
    "succeeded": Look("good", "Refunded", "check"),
    "failed": Look("bad", "Failed", "circle-alert"),
    "cancelled": Look("idle", "Cancelled", "x"),
}
EVENT: Final[Mapping[str, Look]] = {
    "received": Look("info", "Waiting", "clock"),
    "handled": Look("good", "Handled", "check"),
    "ignored": Look("idle", "Not needed", "x"),
    "parked": Look("bad", "Parked", "circle-alert"),
    "left": Look("idle", "Left as is", "x"),
}
# A step in an event's life.
ATTEMPT: Final[Mapping[str, Look]] = {
    "handled": Look("good", "Handled", "check"),
    "ignored": Look("idle", "Not needed", "x"),
    "failed": Look("warn", "Failed, tried again later", "circle-alert"),
    "parked": Look("bad", "Failed for the last time, parked", "circle-alert"),
    "replayed": Look("info", "Replayed", "refresh-cw"),
    "left": Look("idle", "Left as it is", "x"),
}
BROUGHT_BY: Final[Mapping[str, str]] = {"webhook": "Sent by Stripe", "backfill": "Found in Stripe's list"}
# A day of reconciliation, a difference, and what is proposed about one.
DAY: Final[Mapping[str, Look]] = {
    "open": Look("info", "Under way", "clock"),
    "agrees": Look("good", "Agrees", "check"),
    "differs": Look("bad", "Differs", "circle-alert"),
    "sealed": Look("idle", "Sealed", "lock"),
}
DIFFERENCE: Final[Mapping[str, Look]] = {
    "differs": Look("bad", "Differs", "circle-alert"),
    "waiting": Look("info", "On its way", "clock"),
    "explained": Look("idle", "Explained", "info"),
    "resolved": Look("good", "Agrees by now", "check"),
}
DECISION: Final[Mapping[str, Look]] = {
    "waiting": Look("warn", "Needs approval", "user-check"),
    "approved": Look("good", "Approved", "check"),
    "turned_down": Look("idle", "Turned down", "x"),
    "overtaken": Look("idle", "Overtaken", "x"),
}
EXPORT: Final[Mapping[str, Look]] = {
    "waiting": Look("info", "Waiting", "clock"),
    "running": Look("info", "Being written", "refresh-cw"),
    "ready": Look("good", "Ready", "check"),
    "expired": Look("idle", "Expired", "clock"),
    "failed": Look("bad", "Failed", "circle-alert"),
}
COURSE: Final[Mapping[str, Look]] = {
    "draft": Look("idle", "Draft", "clock"),
    "published": Look("good", "On sale", "check"),
    "archived": Look("idle", "Archived", "x"),
}
KEY: Final[Mapping[str, Look]] = {
    "live": Look("good", "Live", "check"),
    "expired": Look("idle", "Expired", "clock"),
    "revoked": Look("idle", "Revoked", "x"),
}

VIA: Final[Mapping[str, Look]] = {
    "page": Look("idle", "On a page", "monitor"),
    "api": Look("idle", "By the API", "braces"),
    "command": Look("warn", "At the machine", "terminal"),
    "job": Look("idle", "By itself", "cog"),
}
# Whoever an audit entry has no name for.
_NAMELESS: Final = {
    "page": "Somebody not signed in",
    "api": "Somebody not signed in",
    "command": "Somebody at the machine",
    "job": "Azora",
}

# What a payment waits for, when nothing went wrong.
_WAITS_FOR: Final = {
    "pending": "The learner has not confirmed the payment yet.",
    "requires_action": "The learner's bank asks for 3-D Secure; the learner has not finished it.",
    "processing": "The bank is still working on it.",
    "unknown": "Stripe's answer is missing. It is asked again until it is known; nothing is charged twice.",
    "cancelled": "Nobody finished it within a day, or it was cancelled at Stripe. Nothing was charged.",
    "disputed": "The payer's bank asks for this money and has not decided yet. Refunds wait; access stays.",
    "charged_back": "The payer's bank took this money back. Access has ended, and the dispute fee is ours.",
}
# Stripe's codes in plain words; anything else keeps Stripe's own sentence.
# Source: docs.stripe.com/error-codes and docs.stripe.com/declines/codes.
_REASONS: Final = {
    "card_declined": "The bank declined the card without saying why.",
    "generic_decline": "The bank declined the card without saying why.",
    "insufficient_funds": "The card has insufficient funds.",
    "lost_card": "The bank declined the card.",
    "stolen_card": "The bank declined the card.",
    "expired_card": "The card has expired.",
    "incorrect_cvc": "The card's security code is wrong.",
    "incorrect_number": "The card's number is wrong.",
    "processing_error": "The bank had a fault; a second try may go through.",
    "card_velocity_exceeded": "The card has reached its limit.",
    "do_not_honor": "The bank declined the card without saying why.",
    "authentication_required": "The bank asks for 3-D Secure, and it was not finished.",
    "payment_intent_authentication_failure": "3-D Secure failed or was broken off.",
}


@dataclass(frozen=True, slots=True)
class EntryWords:
    """What a kind of ledger entry is called, and what it says."""

    title: str
    sentence: str


_ENTRIES: Final[Mapping[str, EntryWords]] = {
    "sale": EntryWords(
        "Sale", "Stripe holds the money for us; each party is owed its share, the rest is our revenue."
    ),
    "processing_fee": EntryWords(
        "Processing fee", "What Stripe kept of the sale; our balance there is less by it."
    ),
    "refund_reserved": EntryWords(
        "Refund on its way",
        "Each party gives its part of the sale back; the money is on its way to the payer.",
    ),
    "refund_settled": EntryWords("Refund paid out", "Stripe has paid it; our balance there is less by it."),
    "refund_failed": EntryWords(
        "Refund came back", "The payer could not be paid: each party has its part of the sale again."
    ),
    "exchange": EntryWords(
        "Exchanged by Stripe",
        "Stripe settled it in another currency: it left our balance there in the first and stands in the second.",
    ),
    "correction": EntryWords(
        "Correction", "Two persons had the book say of a movement what Stripe's statement says."
    ),
    "dispute_opened": EntryWords(
        "Dispute: money withdrawn",
        "Stripe took the money for the payer's bank. Each party's part is withheld until it decides; the fee is ours.",
    ),
    "dispute_won": EntryWords(
        "Dispute: money reinstated", "Stripe gave the money back: each party has its part of the sale again."
    ),
    "dispute_lost": EntryWords(
        "Dispute lost", "The bank decided for the payer: what was withheld from the parties is gone."
    ),
    "dispute_reopened": EntryWords(
        "Dispute taken up again", "An appeal: what was lost is withheld until the bank has decided once more."
    ),
}
_RULES: Final = {
    "reconciliation/1": "What Stripe's statement says, less what the book said of the same movement.",
    "refund/1": "What the parties have given back in all follows from the sum of the refunds alone, cent by cent.",
    "dispute/1": "What the parties have given back in all follows from the sum of refunds and disputes, cent by cent.",
    "exchange/1": "Both amounts are Stripe's; in each currency the exchange stands against our balance there.",
    "split/1": "Shares of the split agreement frozen when the course was ordered; cents by largest remainder.",
}
_REFUND_REASONS: Final = {
    "requested_by_customer": "Requested by the learner",
    "duplicate": "Duplicate",
    "fraudulent": "Fraudulent",
    "course_withdrawn": "Course withdrawn",
    "goodwill": "Goodwill",
    "other": "Another reason",
}
_APPROVERS: Final = {
    "finance": "This is more than your role may refund: it goes to finance, who have to approve it first.",
    "second_person": "This is above the limit: somebody else has to approve it first.",
}
# Source: docs.stripe.com/api/refunds/object, ``failure_reason``; anything else keeps its own words.
_REFUND_FAILURES: Final = {
    "lost_or_stolen_card": "The card was lost or stolen, so the bank sent the money back.",
    "expired_or_canceled_card": "The card has expired or was cancelled, so the bank sent the money back.",
    "charge_for_pending_refund_disputed": "The payer's bank asked for the money before it arrived.",
    "insufficient_funds": "Our balance at Stripe did not suffice.",
    "declined": "The bank declined it without saying why.",
    "merchant_request": "It was cancelled at Stripe at our request.",
    "unknown": "The bank did not say why.",
}
_CAUSES: Final = {
    "event": "By Stripe's event",
    "request": "By the request",
    "ask": "By asking Stripe, because no event had come",
    "difference": "A difference to Stripe's statement, approved by a second person",
    "other": "By",
}
_GRANTS: Final = {"purchase": "Bought", "enrolment": "Free course"}


def entry_words(kind: str) -> EntryWords:
    """The words for a kind of ledger entry; its own name for one without."""
    return _ENTRIES.get(kind) or EntryWords(kind.replace("_", " ").capitalize(), "An entry of the ledger.")


def rule_words(version: str) -> str:
    """What the rule of this version says."""
    return _RULES.get(version, "")


def refund_reason_words(reason: str) -> str:
    """Why money went back."""
    return _REFUND_REASONS[reason]


def cause_words(kind: str) -> str:
    """How something was brought about; its reference follows."""
    return _CAUSES[kind]


def grant_words(reason: str) -> str:
    """Why a course may be opened."""
    return _GRANTS[reason]


def act_words(act: str) -> str:
    """``person.roles_changed`` as ``Person roles changed``."""
    words = act.replace("_", " ").replace(".", " ")
    return f"{words[:1].upper()}{words[1:]}".replace("Api ", "API ")


def actor_words(name: str, via: str) -> str:
    """Who changed something, where no name is known, too."""
    return name or _NAMELESS[via]


def payment_look(status: str) -> Look:
    """How a payment's status looks. Raises KeyError for one that this version does not know."""
    return PAYMENT[status]


def refund_failure_words(reason: str) -> str:
    """Why a refund failed or was cancelled."""
    return _REFUND_FAILURES.get(reason, reason)


def approver_words(approver: str) -> str:
    """Who has to approve a refund before it is made."""
    return _APPROVERS[approver]


def refund_look(state: str) -> Look:
    """How a refund's state looks. Raises KeyError for one that this version does not know."""
    return REFUND[state]


def payment_reason(status: str, code: str | None, message: str | None) -> str | None:
    """Why the payment stands where it stands, in a sentence; None when it succeeded."""
    if status == "failed" or (status == "cancelled" and code):
        return _REASONS.get(code or "") or message or "The attempt failed; Stripe gave no reason."
    return _WAITS_FOR.get(status)
