"""What a person should look at: whatever has waited longer than it should. One statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Select, and_, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from azora_admin.messaging.queue import EVENTS, HAS_FAILED, IS_FAILURE, JOBS
from azora_admin.messaging.reading import EVENTS as LISTED
from azora_admin.messaging.tables import InboxEvent, Mail, StripeCursor
from azora_admin.payments.rules.disputes import ANSWERABLE
from azora_admin.payments.tables import (
    Dispute,
    DisputeAnswer,
    FraudWarning,
    MethodSetup,
    Payment,
    Refund,
    RefundRequest,
)
from azora_admin.reconciliation.tables import ReconciliationDifference, ReconciliationPlace
from azora_admin.reports.payment_rows import is_unknown

Topic = Literal[
    "events_parked",
    "sends_parked",
    "jobs_failed",
    "events_waiting",
    "events_missed",
    "events_unread",
    "payments_unknown",
    "payments_unsettled",
    "fees_unknown",
    "books_differ",
    "books_unread",
    "disputes_to_answer",
    "fraud_warned",
    "refunds_requested",
    "refunds_to_approve",
]

# An event is handled within a second; an answer of Stripe's is asked for after seconds; an abandoned payment is
# cancelled after a day; a fee is known within minutes; Stripe's list is read every two minutes.
EVENT_WAITS: Final = timedelta(minutes=5)
ANSWER_WAITS: Final = timedelta(minutes=5)
PAYMENT_WAITS: Final = timedelta(hours=25)
BANK_WORKS: Final = timedelta(hours=2)
FEE_WAITS: Final = timedelta(hours=1)
LIST_WAITS: Final = timedelta(minutes=30)
# An event that no webhook had brought within so long a time is a gap, and is told of for a day.
WEBHOOK_WAITS: Final = timedelta(minutes=2)
GAP_IS_TOLD: Final = timedelta(days=1)
JOBS_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Concern:
    """How many of one kind, and since when the oldest of them waits; of disputes, when the first answer is due."""

    topic: Topic
    count: int
    oldest_at: datetime


def concerns(session: Session, *, now: datetime) -> Sequence[Concern]:
    """Everything that needs attention now, the gravest first; empty when all is well."""
    rows = session.execute(union_all(*_questions(now))).all()
    found = {row.topic: Concern(row.topic, row.how_many, row.oldest_at) for row in rows if row.how_many}
    order: tuple[Topic, ...] = (
        "events_parked",
        "sends_parked",
        "jobs_failed",
        "books_differ",
        "disputes_to_answer",
        "fraud_warned",
        "refunds_requested",
        "refunds_to_approve",
        "payments_unknown",
        "payments_unsettled",
        "events_waiting",
        "events_unread",
        "books_unread",
        "events_missed",
        "fees_unknown",
    )
    return [found[topic] for topic in order if topic in found]


def unsettled(now: datetime) -> ColumnElement[bool]:
    """An open payment that should have been settled or cancelled long ago."""
    open_too_long = and_(
        Payment.status.in_(("requires_action", "pending")), Payment.created_at < now - PAYMENT_WAITS
    )
    bank_too_long = and_(Payment.status == "processing", Payment.changed_at < now - BANK_WORKS)
    return and_(open_too_long | bank_too_long, ~is_unknown())


def _questions(now: datetime) -> list[Select[*tuple[Any, ...]]]:
    event, payment, difference = InboxEvent, Payment, ReconciliationDifference
    return [
        _question("events_parked", event.received_at, event.state == "parked"),
        _sends_parked(),
        _jobs_failed(),
        _question(
            "events_waiting",
            event.received_at,
            event.state == "received",
            event.received_at < now - EVENT_WAITS,
        ),
        _question(
            "events_missed",
            event.created_at,
            event.brought_by == "backfill",
            event.received_at > now - GAP_IS_TOLD,
            event.created_at <= event.received_at - WEBHOOK_WAITS,
        ),
        _question(
            "events_unread",
            StripeCursor.succeeded_at,
            StripeCursor.name == LISTED.name,
            StripeCursor.succeeded_at < now - LIST_WAITS,
        ),
        # What was missing has waited its hour before it counts as a difference at all.
        _question("books_differ", difference.found_at, difference.state == "differs"),
        _question(
            "books_unread",
            ReconciliationPlace.compared_at,
            ReconciliationPlace.compared_at < now - LIST_WAITS,
        ),
        _question(
            "payments_unknown", payment.created_at, is_unknown(), payment.created_at < now - ANSWER_WAITS
        ),
        _question("payments_unsettled", payment.created_at, unsettled(now)),
        _question("disputes_to_answer", Dispute.due_at, Dispute.status.in_(ANSWERABLE), Dispute.due_at > now),
        _question("fraud_warned", FraudWarning.warned_at, FraudWarning.is_actionable.is_(True)),
        _question("refunds_requested", RefundRequest.requested_at, RefundRequest.state == "open"),
        _question("refunds_to_approve", Refund.requested_at, Refund.state == "waiting"),
        _question(
            "fees_unknown",
            payment.settled_at,
            payment.settled_at.is_not(None),
            payment.fee_minor.is_(None),
            payment.settled_at < now - FEE_WAITS,
        ),
    ]


def _sends_parked() -> Select[*tuple[Any, ...]]:
    """Whatever goes out and was parked: by hand, or a mail that was tried too often."""
    tables: tuple[Any, ...] = (Payment, Refund, MethodSetup, DisputeAnswer)
    # What came to its end meanwhile, by an event, say, has nothing left to take up.
    parked = [
        select(table.parked_at.label("at")).where(
            table.parked_at.is_not(None), table.next_ask_at.is_not(None)
        )
        for table in tables
    ]
    mails = select(Mail.created_at.label("at")).where(Mail.state == "parked")
    every = union_all(*parked, mails).subquery()
    return select(
        literal("sends_parked").label("topic"),
        func.count().label("how_many"),
        func.min(every.c.at).label("oldest_at"),
    ).select_from(every)


def _jobs_failed() -> Select[*tuple[Any, ...]]:
    """Jobs that nobody retries, at most ``JOBS_COUNTED``; a round is made again by the clock."""
    failed = select(JOBS.c.id).where(HAS_FAILED, JOBS.c.queueing_lock.is_(None)).limit(JOBS_COUNTED)
    first_few = failed.subquery()
    counted: Select[*tuple[Any, ...]] = select(
        literal("jobs_failed").label("topic"),
        func.count(first_few.c.id.distinct()).label("how_many"),
        func.min(EVENTS.c.at).label("oldest_at"),
    )
    return counted.join(EVENTS, EVENTS.c.job_id == first_few.c.id).where(IS_FAILURE)


def _question(
    topic: Topic,
    since: InstrumentedAttribute[Any],
    *conditions: ColumnElement[bool],
) -> Select[*tuple[Any, ...]]:
    return select(
        literal(topic).label("topic"), func.count().label("how_many"), func.min(since).label("oldest_at")
    ).where(*conditions)
