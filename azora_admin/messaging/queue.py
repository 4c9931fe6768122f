"""The queue's tables as they are read here; and a job that failed for good, put back with the queue's own function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, DateTime, column, literal_column, table, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict, NotFound

JOBS: Final = table(
    "procrastinate_jobs",
    column("id"),
    column("task_name"),
    column("status"),
    column("queueing_lock"),
    column("args", JSONB),
    column("attempts"),
    column("scheduled_at", DateTime(timezone=True)),
)
EVENTS: Final = table(
    "procrastinate_events",
    column("id"),
    column("job_id"),
    column("type"),
    column("at", DateTime(timezone=True)),
)
# Literal, so that they are seen to lie within the conditions of the indexes (migration 0032). A job with a queueing
# lock is a round of the clock.
HAS_FAILED: Final[ColumnElement[bool]] = literal_column("(procrastinate_jobs.status = 'failed')")
IS_QUEUED: Final[ColumnElement[bool]] = literal_column("(procrastinate_jobs.status IN ('todo', 'doing'))")
IS_FAILURE: Final[ColumnElement[bool]] = literal_column("(procrastinate_events.type = 'failed')")
_LOCK: Final = text(
    "SELECT task_name, status::text, attempts, queueing_lock IS NOT NULL AS is_round"
    " FROM procrastinate_jobs WHERE id = :id FOR UPDATE"
)
_PUT_BACK: Final = text("SELECT procrastinate_retry_job_v2(:id, :at, NULL, NULL, NULL)")


@dataclass(frozen=True, slots=True)
class Failed:
    """A job that ended badly, locked."""

    name: str
    attempts: int


def lock_failed(session: Session, job_id: int) -> Failed:
    """The job, which nobody else takes up meanwhile.

    Raises NotFound, Conflict ``job_not_failed`` when it waits, runs or is done, ``job_is_a_round`` for what the clock
    does again by itself.
    """
    row = session.execute(_LOCK, {"id": job_id}).one_or_none()
    if row is None:
        raise NotFound("job_not_found", "There is no such job any more.")
    if row.status != "failed":
        raise Conflict("job_not_failed", "It was taken up again already: look at it again.")
    if row.is_round:
        raise Conflict("job_is_a_round", "The clock does it again by itself.")
    return Failed(row.task_name, row.attempts)


def put_back(session: Session, job_id: int) -> None:
    """The next worker that is free does the job, under the lock that it had. Call it under ``lock_failed``."""
    session.execute(_PUT_BACK, {"id": job_id, "at": clock.now()})
