"""Disputes as the API answers them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from azora_admin.api.schemas import one_of
from azora_admin.api.shapes import Currency, MinorUnits, NextCursor, Shape, such_as
from azora_admin.core.ids import DisputeId, EntryId, PaymentId
from azora_admin.payments.queries import DisputeView
from azora_admin.payments.rules.disputes import ANSWER_KINDS, ANSWER_STATES, ANSWERABLE, is_inquiry
from azora_admin.reports.dispute_page import Answer, DisputePage, Step
from azora_admin.reports.entries import EntryView


class Dispute(Shape):
    """What a payer's bank asks back of a payment, as Stripe told it last."""

    id: DisputeId
    payment_id: PaymentId
    stripe_dispute_id: Annotated[str, such_as("dp_1PqVxA2eZvKYlo2C")]
    status: Annotated[str, such_as("needs_response")]
    """Stripe's word; `warning_…` is an inquiry, which moves no money."""
    is_inquiry: bool
    is_answerable: bool
    """Whether the bank waits for evidence."""
    reason: Annotated[str, such_as("fraudulent")]
    network_code: Annotated[str | None, such_as("10.4")]
    amount: MinorUnits
    """What the bank asks for."""
    withdrawn: Annotated[MinorUnits, such_as(4900)]
    """What the bank has of the payment now."""
    withheld: Annotated[MinorUnits, such_as(4900)]
    """What of that is undecided, and withheld from the parties in the book."""
    currency: Currency
    submissions: Annotated[int, such_as(0)]
    """How often evidence reached the bank."""
    opened_at: datetime
    due_at: datetime | None
    """Until when an answer is taken; null where none was ever asked for."""
    changed_at: datetime
    closed_at: datetime | None


class DisputeList(Shape):
    """Disputes, the newest first."""

    items: list[Dispute]
    next_cursor: NextCursor


class DisputeStep(Shape):
    """The dispute came to a status."""

    status: Annotated[str, such_as("needs_response")]
    at: datetime


class DisputeAnswer(Shape):
    """What we told the bank, or are about to."""

    kind: Annotated[str, one_of(ANSWER_KINDS)]
    status: Annotated[str, one_of(ANSWER_STATES)]
    requested_at: datetime
    ended_at: datetime | None
    failure: Annotated[str | None, such_as("The time to answer is over.")]


class DisputeEntry(Shape):
    """A line of the book; `GET /api/v1/explain?entry=` tells the rest of it."""

    id: EntryId
    kind: Annotated[str, such_as("dispute_opened")]
    occurred_at: datetime


class DisputeWithStory(Dispute):
    """A dispute with its steps and answers, the newest first, and its entries, in the order of the book."""

    steps: list[DisputeStep]
    answers: list[DisputeAnswer]
    entries: list[DisputeEntry]


def dispute(one: DisputeView) -> Dispute:
    """A dispute as staff see it."""
    return {
        "id": one.id,
        "payment_id": one.payment_id,
        "stripe_dispute_id": one.stripe_dispute_id,
        "status": one.status,
        "is_inquiry": is_inquiry(one.status),
        "is_answerable": one.status in ANSWERABLE,
        "reason": one.reason,
        "network_code": one.network_code,
        "amount": one.amount.amount,
        "withdrawn": one.withdrawn.amount,
        "withheld": one.withheld.amount,
        "currency": one.amount.currency,
        "submissions": one.submissions,
        "opened_at": one.opened_at,
        "due_at": one.due_at,
        "changed_at": one.changed_at,
        "closed_at": one.closed_at,
    }


def dispute_with_story(one: DisputeView, page: DisputePage) -> DisputeWithStory:
    """A dispute and all that is known of it."""
    return {
        **dispute(one),
        "steps": _steps(page.steps),
        "answers": [_answer(each) for each in page.answers],
        "entries": _entries(page.entries),
    }


def _steps(steps: Sequence[Step]) -> list[DisputeStep]:
    return [{"status": one.to_status, "at": one.at} for one in steps]


def _entries(entries: Sequence[EntryView]) -> list[DisputeEntry]:
    return [{"id": one.id, "kind": one.kind, "occurred_at": one.occurred_at} for one in entries]


def _answer(one: Answer) -> DisputeAnswer:
    return {
        "kind": one.kind,
        "status": one.state,
        "requested_at": one.requested_at,
        "ended_at": one.ended_at,
        "failure": one.failure_reason,
    }
