"""Whatever leaves the house: payments, refunds, setups and mails, how each was sent, and jobs that nobody retries."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, false, literal, null, select, text
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.messaging.tables import Mail, OutgoingCall
from azora_admin.payments.tables import MethodSetup, Payment, Refund
from azora_admin.reports.keyset import newest_first
from azora_admin.reports.payment_rows import is_unknown

STATES: Final = ("waiting", "unknown", "parked", "failed", "done")
JOBS_SHOWN: Final = 25
CALLS_SHOWN: Final = 100
_FAILED_JOBS: Final = text(
    """SELECT job.id, job.task_name, job.attempts, job.args::text AS arguments,
              (SELECT max(event.at) FROM procrastinate_events event WHERE event.job_id = job.id) AS at
         FROM procrastinate_jobs job WHERE job.status = 'failed' ORDER BY job.id DESC LIMIT :limit"""
)


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that was to go out, and where it stands; ``title`` says what it is about."""

    kind: str
    id: UUID
    state: str
    title: str
    tries: int
    created_at: datetime
    next_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state in ("waiting", "unknown", "parked")


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job of the queue that ended badly and that no round takes up again."""

    id: int
    name: str
    arguments: str
    attempts: int
    at: datetime | None


@dataclass(frozen=True, slots=True)
class CallView:
    """One call by which it was sent. ``outside_id``: Stripe's Request-Id, by which its support finds the call."""

    at: datetime
    kind: str
    address: str
    idempotency_key: str
    outcome: str
    code: str | None
    outside_id: str | None
    milliseconds: int


@dataclass(frozen=True, slots=True)
class OutgoingList:
    """One page of what goes out, and the failed jobs, the newest first."""

    page: Page[Operation]
    failed_jobs: Sequence[FailedJob]


@dataclass(frozen=True, slots=True)
class OperationPage:
    """One operation with every call of it, the newest first."""

    operation: Operation
    calls: Sequence[CallView]


def list_outgoing(
    session: Session, *, kind: str, state: str, limit: int, cursor: Cursor | None
) -> OutgoingList:
    """The page after (or before) ``cursor``; ``kind`` and ``state`` narrow it. Five statements; use a snapshot."""
    found: list[Operation] = []
    for name, (table, branch) in _BRANCHES.items():
        if kind in ("", name):
            at = table.requested_at if name == "refund" else table.created_at
            narrowed = newest_first(branch(state), at, table.id, limit=limit, cursor=cursor)
            found += [Operation(name, *row) for row in session.execute(narrowed)]
    backwards = cursor is not None and cursor.backwards
    found.sort(key=lambda one: (one.created_at, one.id), reverse=not backwards)
    page = page_of(found[: limit + 1], limit=limit, cursor=cursor, key=lambda one: (one.created_at, one.id))
    return OutgoingList(page, failed_jobs(session))


def failed_jobs(session: Session) -> Sequence[FailedJob]:
    """Jobs that ended badly; kept by the queue for three days."""
    rows = session.execute(_FAILED_JOBS, {"limit": JOBS_SHOWN})
    return [FailedJob(row.id, row.task_name, row.arguments, row.attempts, row.at) for row in rows]


def operation_page(session: Session, kind: str, identity: UUID) -> OperationPage:
    """One operation. Raises NotFound. Two statements; use a snapshot."""
    if kind not in _BRANCHES:
        raise NotFound
    table, branch = _BRANCHES[kind]
    row = session.execute(branch("").where(table.id == identity)).one_or_none()
    if row is None:
        raise NotFound
    calls = session.execute(
        select(
            OutgoingCall.at,
            OutgoingCall.kind,
            OutgoingCall.address,
            OutgoingCall.idempotency_key,
            OutgoingCall.outcome,
            OutgoingCall.code,
            OutgoingCall.outside_id,
            OutgoingCall.milliseconds,
        )
        .where(OutgoingCall.about == str(identity))
        .order_by(OutgoingCall.at.desc(), OutgoingCall.id.desc())
        .limit(CALLS_SHOWN)
    )
    return OperationPage(Operation(kind, *row), [CallView(*call) for call in calls])


def _narrowed(
    statement: Select[*tuple[Any, ...]], conditions: Mapping[str, ColumnElement[bool]], state: str
) -> Select[*tuple[Any, ...]]:
    return statement.where(conditions[state]) if state else statement


def _state(conditions: Mapping[str, ColumnElement[bool]]) -> ColumnElement[str]:
    return case(
        *((conditions[name], name) for name in ("parked", "unknown", "waiting", "failed")), else_="done"
    ).label("state")


def _payments(state: str) -> Select[*tuple[Any, ...]]:
    never_sent = Payment.stripe_payment_intent_id.is_(None)
    conditions = {
        "parked": Payment.parked_at.is_not(None),
        "unknown": and_(is_unknown(), Payment.parked_at.is_(None)),
        "waiting": and_(false(), never_sent),
        "failed": and_(Payment.status == "cancelled", never_sent),
        "done": and_(Payment.stripe_payment_intent_id.is_not(None), Payment.status != "unknown"),
    }
    columns = select(
        Payment.id,
        _state(conditions),
        Payment.description,
        Payment.ask_count,
        Payment.created_at,
        Payment.next_ask_at,
    )
    return _narrowed(columns, conditions, state)


def _refunds(state: str) -> Select[*tuple[Any, ...]]:
    conditions = {
        "parked": Refund.parked_at.is_not(None),
        "unknown": and_(Refund.state == "unknown", Refund.parked_at.is_(None)),
        "waiting": and_(Refund.state == "reserved", Refund.parked_at.is_(None)),
        "failed": and_(Refund.state == "failed", Refund.stripe_refund_id.is_(None)),
        "done": Refund.stripe_refund_id.is_not(None),
    }
    columns = select(
        Refund.id,
        _state(conditions),
        Refund.reason,
        Refund.ask_count,
        Refund.requested_at,
        Refund.next_ask_at,
    ).where(Refund.reserved_at.is_not(None))
    return _narrowed(columns, conditions, state)


def _setups(state: str) -> Select[*tuple[Any, ...]]:
    never_sent = MethodSetup.stripe_setup_intent_id.is_(None)
    conditions = {
        "parked": MethodSetup.parked_at.is_not(None),
        "unknown": and_(MethodSetup.state == "unknown", MethodSetup.parked_at.is_(None)),
        "waiting": and_(MethodSetup.state == "reserved", MethodSetup.parked_at.is_(None)),
        "failed": and_(MethodSetup.state == "cancelled", never_sent),
        "done": MethodSetup.stripe_setup_intent_id.is_not(None),
    }
    columns = select(
        MethodSetup.id,
        _state(conditions),
        literal("A card to be saved"),
        MethodSetup.ask_count,
        MethodSetup.created_at,
        MethodSetup.next_ask_at,
    )
    return _narrowed(columns, conditions, state)


def _mails(state: str) -> Select[*tuple[Any, ...]]:
    conditions = {
        "parked": Mail.state == "parked",
        "unknown": false(),
        "waiting": Mail.state == "queued",
        "failed": Mail.state == "failed",
        "done": Mail.state == "sent",
    }
    next_at = case((Mail.state == "queued", Mail.next_try_at), else_=null())
    columns = select(Mail.id, _state(conditions), Mail.kind, Mail.attempts, Mail.created_at, next_at)
    return _narrowed(columns, conditions, state)


_BRANCHES: Final[dict[str, tuple[Any, Callable[[str], Select[*tuple[Any, ...]]]]]] = {
    "payment": (Payment, _payments),
    "refund": (Refund, _refunds),
    "setup": (MethodSetup, _setups),
    "mail": (Mail, _mails),
}
KINDS: Final = tuple(_BRANCHES)
