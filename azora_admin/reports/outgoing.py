"""Whatever leaves the house: found by state, kind, object and time; newest first, one keyset page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import parse_id
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.messaging.queue import HAS_FAILED, JOBS
from azora_admin.messaging.tables import OutgoingCall
from azora_admin.reports.keyset import newest_first
from azora_admin.reports.outgoing_objects import ids_about
from azora_admin.reports.outgoing_rows import OPEN, SOURCES, Operation, Source

COUNTED: Final = 99
CALLS_SHOWN: Final = 100
# What is sent without a row of its own: its calls are all there is.
_ALONE: Final = ("customer", "detachment")


@dataclass(frozen=True, slots=True)
class OutgoingFilter:
    """What the list is narrowed to; empty means everything. ``text`` is an id, whole: of an object or of a call.

    Days are whole days in UTC, both within, and those on which it was begun.
    """

    text: str = ""
    kind: str = ""
    state: str = ""
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class CallView:
    """One call by which it was sent. ``outside_id``: Stripe's Request-Id, by which its support finds the call."""

    id: UUID
    at: datetime
    kind: str
    about: str
    address: str
    idempotency_key: str
    outcome: str
    code: str | None
    outside_id: str | None
    milliseconds: int


_ONE: Final[ColumnElement[int]] = literal_column("1").label("one")
_CALL: Final[tuple[Any, ...]] = (
    OutgoingCall.id,
    OutgoingCall.at,
    OutgoingCall.kind,
    OutgoingCall.about,
    OutgoingCall.address,
    OutgoingCall.idempotency_key,
    OutgoingCall.outcome,
    OutgoingCall.code,
    OutgoingCall.outside_id,
    OutgoingCall.milliseconds,
)


@dataclass(frozen=True, slots=True)
class OutgoingList:
    """One page; how many are open, by state, and how many jobs failed: at most ``COUNTED`` + 1 of each."""

    page: Page[Operation]
    open_counts: Mapping[str, int]
    failed_jobs: int


@dataclass(frozen=True, slots=True)
class OperationPage:
    """One operation with every call of it, the newest first."""

    operation: Operation
    calls: Sequence[CallView]


def list_outgoing(
    session: Session, wanted: OutgoingFilter, *, limit: int, cursor: Cursor | None
) -> OutgoingList:
    """The page of ``wanted`` after (or before) ``cursor``. Two statements, or three with a text; use a snapshot."""
    ids = ids_about(session, wanted.text) if wanted.text else None
    branches = [
        newest_first(
            _narrowed(source, kind, wanted, ids), source.at, source.table.id, limit=limit, cursor=cursor
        ).subquery()
        for kind, source in SOURCES.items()
        if wanted.kind in ("", kind)
    ]
    found = union_all(*(select(branch) for branch in branches)).subquery()
    backwards = cursor is not None and cursor.backwards
    order = (found.c.at, found.c.id)
    rows = session.execute(
        select(found).order_by(*(order if backwards else [one.desc() for one in order])).limit(limit + 1)
    ).all()
    page = page_of(
        [_operation(row) for row in rows],
        limit=limit,
        cursor=cursor,
        key=lambda one: (one.created_at, UUID(one.id)),
    )
    counts = _counts(session)
    return OutgoingList(page, {state: counts[state] for state in OPEN}, counts["jobs"])


def operation_page(session: Session, kind: str, name: str) -> OperationPage:
    """One operation by its kind and our id of it. Raises NotFound. Two statements; use a snapshot.

    Customers and detachments go by the id of the person, or Stripe's of the method.
    """
    if kind in _ALONE:
        return _calls_alone(kind, _calls(session, OutgoingCall.about == name, OutgoingCall.kind == kind))
    if kind not in SOURCES:
        raise NotFound
    identity = parse_id(name)
    row = session.execute(SOURCES[kind].rows(kind).where(SOURCES[kind].table.id == identity)).one_or_none()
    if row is None:
        raise NotFound
    return OperationPage(_operation(row), calls_about(session, str(identity)))


def calls_about(session: Session, name: str) -> Sequence[CallView]:
    """The calls about what goes by this name, newest first: our id of it, or Stripe's where it has no other."""
    return _calls(session, OutgoingCall.about == name)


def find_calls(session: Session, said: str, *, limit: int) -> Sequence[CallView]:
    """The calls that Stripe knows by the request id ``said``, or that were made under this key; newest first."""
    column = OutgoingCall.outside_id if said.startswith("req_") else OutgoingCall.idempotency_key
    return _calls(session, column == said, limit=limit)


def _calls(session: Session, *conditions: Any, limit: int = CALLS_SHOWN) -> Sequence[CallView]:
    rows = session.execute(
        select(*_CALL)
        .where(*conditions)
        .order_by(OutgoingCall.at.desc(), OutgoingCall.id.desc())
        .limit(limit)
    )
    return [CallView(*row) for row in rows]


def _calls_alone(kind: str, calls: Sequence[CallView]) -> OperationPage:
    if not calls:
        raise NotFound
    outcomes = {call.outcome for call in calls}
    state = "done" if "done" in outcomes else "failed" if outcomes == {"refused"} else "unknown"
    first = calls[-1]
    return OperationPage(Operation(kind, first.about, state, kind, len(calls) - 1, first.at, None), calls)


def _narrowed(
    source: Source, kind: str, wanted: OutgoingFilter, ids: Mapping[str, Sequence[UUID]] | None
) -> Select[*tuple[Any, ...]]:
    conditions: list[Any] = []
    if wanted.state:
        conditions.append(source.is_in(wanted.state))
    if ids is not None:
        conditions.append(source.table.id == any_(bindparam(None, list(ids[kind]), ARRAY(Uuid))))
    if wanted.first_on:
        conditions.append(source.at >= _midnight(wanted.first_on))
    if wanted.last_on:
        conditions.append(source.at < _midnight(wanted.last_on + timedelta(days=1)))
    return source.rows(kind).where(*conditions)


def _operation(row: Row[*tuple[Any, ...]]) -> Operation:
    return Operation(
        row.kind, str(row.id), row.state, row.title, row.tries, row.at, row.next_at, parent=row.parent
    )


def _counts(session: Session) -> dict[str, int]:
    """How many are in each open state, and how many jobs failed, none counted far. One statement."""
    questions = [_count(state, [_in(source, state) for source in SOURCES.values()]) for state in OPEN]
    failed = select(_ONE).select_from(JOBS).where(HAS_FAILED, JOBS.c.queueing_lock.is_(None))
    rows = session.execute(union_all(*questions, _count("jobs", [failed]))).all()
    return {row.what: row.how_many for row in rows}


def _in(source: Source, state: str) -> Select[*tuple[Any, ...]]:
    return select(_ONE).select_from(source.table).where(source.is_in(state), source.is_shown)


def _count(what: str, parts: Sequence[Select[*tuple[Any, ...]]]) -> Select[*tuple[Any, ...]]:
    first_few = select(union_all(*parts).subquery()).limit(COUNTED + 1).subquery()
    return select(literal(what, Text).label("what"), func.count().label("how_many")).select_from(first_few)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
