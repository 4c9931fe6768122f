"""How what goes out, its calls and the queue's jobs look and read; and what a job does, in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from azora_admin.messaging import outbox
from azora_admin.reports.outgoing_rows import Operation
from azora_admin.web.statuses import Look, refund_reason_words

OUTGOING: Final[Mapping[str, Look]] = {
    "waiting": Look("info", "To be sent", "clock"),
    "unknown": Look("warn", "Asking Stripe", "circle-question-mark"),
    "parked": Look("bad", "Parked", "circle-alert"),
    "failed": Look("bad", "Never arrived", "circle-alert"),
    "done": Look("good", "Sent", "check"),
}
OUTGOING_KINDS: Final[Mapping[str, str]] = {
    "payment": "Payment",
    "refund": "Refund",
    "setup": "Card to be saved",
    "answer": "Answer to a bank",
    "mail": "Mail",
}
# What is sent without standing in the list: its calls are all there is.
_ALONE: Final[Mapping[str, str]] = {"customer": "Customer", "detachment": "Card taken off"}
_TITLES: Final[Mapping[str, str]] = {
    "customer": "A person, as Stripe's customer",
    "detachment": "A card, taken from its customer at Stripe",
    "evidence": "Evidence",
    "dispute_accepted": "The dispute is accepted",
}
CALL: Final[Mapping[str, Look]] = {
    "done": Look("good", "Answered", "check"),
    "no_answer": Look("warn", "No answer", "circle-question-mark"),
    "refused": Look("bad", "Refused", "circle-alert"),
}
JOB: Final[Mapping[str, Look]] = {
    "waiting": Look("info", "Waiting", "clock"),
    "running": Look("info", "Running", "refresh-cw"),
    "failed": Look("bad", "Failed", "circle-alert"),
    "done": Look("good", "Done", "check"),
    "cancelled": Look("idle", "Cancelled", "x"),
}
_STEPS: Final[Mapping[str, Look]] = {
    "deferred": Look("idle", "Enqueued", "clock"),
    "started": Look("info", "Taken by a worker", "refresh-cw"),
    "deferred_for_retry": Look("warn", "Left by its worker", "circle-alert"),
    "failed": Look("bad", "Failed", "circle-alert"),
    "succeeded": Look("good", "Done", "check"),
    "retried": Look("info", "Retried", "refresh-cw"),
    "scheduled": Look("idle", "Put off", "clock"),
}
_SAME_KEY: Final = "A sending that was not answered is repeated under its own key, so nothing happens twice."
# What each job is called, and what it does.
JOBS: Final[Mapping[str, tuple[str, str]]] = {
    outbox.HANDLE_STRIPE_EVENT: (
        "Handle a Stripe event",
        "Asks Stripe for the event's object and does what follows from it. What is done already is found, and left.",
    ),
    outbox.ASK_FOR_PAYMENT: (
        "Ask about a payment",
        f"Asks Stripe what became of the payment, and brings it there. {_SAME_KEY}",
    ),
    outbox.ASK_FOR_REFUND: (
        "Ask about a refund",
        f"Asks Stripe what became of the refund, and brings it there. {_SAME_KEY}",
    ),
    outbox.ASK_FOR_SETUP: (
        "Ask about a card to be saved",
        f"Asks Stripe what became of the card, and keeps it as Stripe has it. {_SAME_KEY}",
    ),
    outbox.ASK_FOR_DISPUTE: (
        "Ask about a dispute",
        "Asks Stripe how the dispute stands, and brings it there. Nothing is sent to the bank.",
    ),
    outbox.SEND_DISPUTE_ANSWER: (
        "Send an answer to a bank",
        f"Sends the answer that was written down, or finds it at Stripe. {_SAME_KEY}",
    ),
    outbox.FOLLOW_METHOD: (
        "Look a card up",
        "Asks Stripe whose card it is, and keeps it as Stripe has it. Nothing is sent.",
    ),
    outbox.DETACH_METHOD: (
        "Take a card from its customer",
        "Has Stripe take the removed card from its customer. Where that is done already, nothing changes.",
    ),
    outbox.WRITE_EXPORT: (
        "Write an export",
        "Goes on with the first part of the file that is missing. Parts that are written stay as they are.",
    ),
    outbox.REFUND_IN_BULK: (
        "Refund many payments",
        "Goes on with the payments of the run that have no refund yet. Each gets one refund or none.",
    ),
    outbox.SEND_MAIL: (
        "Send a mail",
        "Sends the mail once, if it is still to be sent. One that is out stays out.",
    ),
    outbox.MAIL_CONFIRMATION: (
        "Mail a link to confirm an address",
        "Makes a new link and mails it, unless the address is confirmed. Links before it stop working.",
    ),
    outbox.MAIL_NEW_EMAIL: (
        "Mail a link to a new address",
        "Makes a new link and mails it to the new address. Links before it stop working.",
    ),
    outbox.MAIL_RESET: (
        "Mail a link for a new password",
        "Makes a new link and mails it, if there is such an account. Links before it stop working.",
    ),
}
# Why a job would have nothing to do now.
OUTLOOKS: Final[Mapping[str, tuple[str, str]]] = {
    "parked": ("It would do nothing: it is parked", "Take it up again on its own page first."),
    "over": ("It would do nothing: it is over", "What the job was for has come to its end on another way."),
    "gone": ("It would do nothing: it is gone", "What the job was for is not there any more."),
}


def outgoing_look(state: str) -> Look:
    """How something that goes out stands."""
    return OUTGOING[state]


def outgoing_kind(kind: str) -> str:
    """What goes out."""
    return OUTGOING_KINDS.get(kind) or _ALONE[kind]


def outgoing_title(operation: Operation) -> str:
    """What it is about."""
    if operation.kind == "refund":
        return refund_reason_words(operation.title)
    if operation.kind == "mail":
        words = operation.title.replace("_", " ")
        return f"{words[:1].upper()}{words[1:]}"
    return _TITLES.get(operation.title, operation.title) if operation.kind != "payment" else operation.title


def call_look(outcome: str) -> Look:
    """How a call went."""
    return CALL[outcome]


def job_look(state: str) -> Look:
    """How a job stands."""
    return JOB[state]


def job_step(what: str) -> Look:
    """A step in a job's life."""
    return _STEPS.get(what) or Look("idle", what.replace("_", " ").capitalize(), "clock")


def job_title(name: str) -> str:
    """What a job is called; a round's name says it."""
    if name in JOBS:
        return JOBS[name][0]
    return name.rpartition(".")[2].replace("_", " ").capitalize()


def job_deed(name: str) -> str:
    """What the job does when it is done once more."""
    return JOBS[name][1] if name in JOBS else "Does once more what its name says."
