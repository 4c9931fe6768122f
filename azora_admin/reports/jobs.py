"""Jobs of the queue: what failed and nobody retries, the rounds of the clock that failed, and what is to be done.

Done jobs are gone; those that failed are kept for three days, and found by name, by what they are about and by when.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    DateTime,
    Row,
    Select,
    Text,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.messaging import outbox
from azora_admin.messaging.queue import EVENTS, HAS_FAILED, IS_FAILURE, IS_QUEUED, JOBS
from azora_admin.reports.outgoing import COUNTED

VIEWS: Final = ("failed", "rounds", "queue")
STEPS_SHOWN: Final = 100
_NAMES: Final = {"todo": "waiting", "doing": "running", "succeeded": "done", "aborted": "cancelled"}
_ABOUT: Final[Mapping[str, tuple[str, str]]] = {
    outbox.ASK_FOR_PAYMENT: ("payment", "payment_id"),
    outbox.ASK_FOR_REFUND: ("refund", "refund_id"),
    outbox.ASK_FOR_SETUP: ("setup", "setup_id"),
    outbox.ASK_FOR_DISPUTE: ("dispute", "dispute_id"),
    outbox.SEND_DISPUTE_ANSWER: ("answer", "answer_id"),
    outbox.SEND_MAIL: ("mail", "mail_id"),
    outbox.HANDLE_STRIPE_EVENT: ("event", "event_id"),
    outbox.WRITE_EXPORT: ("export", "export_id"),
    outbox.REFUND_IN_BULK: ("run", "bulk_refund_id"),
    outbox.DETACH_METHOD: ("detachment", "method"),
    outbox.MAIL_CONFIRMATION: ("person", "person_id"),
    outbox.MAIL_NEW_EMAIL: ("person", "person_id"),
}
_COLUMNS: Final = (
    JOBS.c.id,
    JOBS.c.task_name.label("name"),
    cast(JOBS.c.status, Text).label("status"),
    JOBS.c.args.label("arguments"),
    JOBS.c.attempts,
    JOBS.c.scheduled_at,
    JOBS.c.queueing_lock.is_not(None).label("is_round"),
)
_NO_TIME: Final = cast(null(), DateTime(timezone=True)).label("at")
_IS_ROUND: Final = JOBS.c.queueing_lock.is_not(None)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """What the list of a view is narrowed to; empty means everything. ``text`` is an id in its arguments, whole.

    Days are whole days in UTC, both within, and those on which it failed. The queue is not narrowed.
    """

    view: str = "failed"
    text: str = ""
    name: str = ""
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job; ``about`` is the kind and id of what it is for, where that is one thing. ``at``: when it failed."""

    id: int
    name: str
    state: str
    arguments: Mapping[str, Any]
    attempts: int
    next_at: datetime | None
    is_round: bool
    at: datetime | None
    about: tuple[str, str] | None

    @property
    def may_be_retried(self) -> bool:
        return self.state == "failed" and not self.is_round


@dataclass(frozen=True, slots=True)
class JobList:
    """One page, and how many each view has: at most ``COUNTED`` + 1."""

    page: Page[Job]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Step:
    """A step in a job's life."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class JobPage:
    """One job with its steps, the newest first, and its arguments as JSON."""

    job: Job
    arguments: str
    steps: Sequence[Step]


def list_jobs(session: Session, wanted: JobFilter, *, limit: int, cursor: Cursor | None) -> JobList:
    """The page of ``wanted`` after (or before) ``cursor``, newest first. Two statements; use a snapshot."""
    in_queue = wanted.view == "queue"
    statement = _queue(cursor) if in_queue else _failed(wanted, cursor)
    order = [JOBS.c.id] if in_queue else [EVENTS.c.at, EVENTS.c.id]
    backwards = cursor is not None and cursor.backwards
    ordered = statement.order_by(*(order if backwards else [one.desc() for one in order]))
    page = page_of(
        session.execute(ordered.limit(limit + 1)).all(),
        limit=limit,
        cursor=cursor,
        key=lambda row: (row.at or "", str(row.place)),
    )
    jobs = Page([_job(row) for row in page.items], page.next_cursor, page.previous_cursor)
    return JobList(jobs, {row.view: row.how_many for row in session.execute(_counts())})


def job_page(session: Session, job_id: int) -> JobPage:
    """One job. Raises NotFound: done jobs are gone. Two statements; use a snapshot."""
    row = session.execute(select(*_COLUMNS, _NO_TIME).where(JOBS.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFound("job_not_found", "There is no such job any more: it is done, or was forgotten.")
    steps = session.execute(
        select(cast(EVENTS.c.type, Text), EVENTS.c.at)
        .where(EVENTS.c.job_id == job_id)
        .order_by(EVENTS.c.id.desc())
        .limit(STEPS_SHOWN)
    )
    job = _job(row)
    arguments = orjson.dumps(job.arguments, option=orjson.OPT_INDENT_2).decode()
    return JobPage(job, arguments, [Step(what, at) for what, at in steps])


def _failed(wanted: JobFilter, cursor: Cursor | None) -> Select[*tuple[Any, ...]]:
    """A job may have failed, been retried and failed again: its last failure is its place in the list."""
    later = EVENTS.alias("later")
    is_last = ~exists().where(
        later.c.job_id == JOBS.c.id, literal_column("later.type = 'failed'"), later.c.id > EVENTS.c.id
    )
    conditions: list[ColumnElement[bool]] = [
        _IS_ROUND if wanted.view == "rounds" else ~_IS_ROUND,
        HAS_FAILED,
        IS_FAILURE,
        is_last,
    ]
    if wanted.name:
        conditions.append(JOBS.c.task_name == wanted.name)
    if wanted.text:
        names_it = f"$.* ? (@ == {json.dumps(wanted.text)})"
        conditions.append(JOBS.c.args.path_exists(names_it))
    if wanted.first_on:
        conditions.append(EVENTS.c.at >= _midnight(wanted.first_on))
    if wanted.last_on:
        conditions.append(EVENTS.c.at < _midnight(wanted.last_on + timedelta(days=1)))
    if cursor is not None:
        place, known = tuple_(EVENTS.c.at, EVENTS.c.id), (cursor.at, int(str(cursor.id)))
        conditions.append(place > known if cursor.backwards else place < known)
    return (
        select(*_COLUMNS, EVENTS.c.at, EVENTS.c.id.label("place"))
        .join(EVENTS, EVENTS.c.job_id == JOBS.c.id)
        .where(*conditions)
    )


def _queue(cursor: Cursor | None) -> Select[*tuple[Any, ...]]:
    queued = select(*_COLUMNS, _NO_TIME, JOBS.c.id.label("place")).where(IS_QUEUED)
    if cursor is None:
        return queued
    place, known = JOBS.c.id, int(str(cursor.id))
    return queued.where(place > known if cursor.backwards else place < known)


def _counts() -> CompoundSelect[*tuple[Any, ...]]:
    """How many each view has, none counted far."""
    views = {"failed": (HAS_FAILED, ~_IS_ROUND), "rounds": (HAS_FAILED, _IS_ROUND), "queue": (IS_QUEUED,)}
    questions = []
    for view, conditions in views.items():
        some = select(literal(1).label("one")).select_from(JOBS).where(*conditions).limit(COUNTED + 1)
        few = some.subquery()
        questions.append(
            select(literal(view, Text).label("view"), func.count().label("how_many")).select_from(few)
        )
    return union_all(*questions)


def _job(row: Row[*tuple[Any, ...]]) -> Job:
    arguments = row.arguments
    kind, argument = _ABOUT.get(row.name, ("", ""))
    about = (kind, str(arguments[argument])) if argument in arguments else None
    return Job(
        id=row.id,
        name=row.name,
        state=_NAMES.get(row.status, row.status),
        arguments=arguments,
        attempts=row.attempts,
        next_at=row.scheduled_at if row.status == "todo" else None,
        is_round=row.is_round,
        at=row.at,
        about=about,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
