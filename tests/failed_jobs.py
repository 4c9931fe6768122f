"""Jobs as the queue keeps them when they failed for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from azora_admin.core import clock, db


def fail(
    name: str, arguments: str, *, at: datetime | None = None, times: int = 1, lock: str | None = None
) -> int:
    """A job that failed for good: its number."""
    values: dict[str, Any] = {"name": name, "arguments": arguments, "lock": lock, "times": times}
    with db.transaction() as session:
        number = session.scalar(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts, queueing_lock)"
                " VALUES ('default', :name, CAST(:arguments AS jsonb), 'failed', :times, :lock) RETURNING id"
            ),
            values,
        )
        for back in reversed(range(times)):
            when = (at or clock.now()) - timedelta(hours=back)
            session.execute(
                text("INSERT INTO procrastinate_events (job_id, type, at) VALUES (:id, 'failed', :at)"),
                {"id": number, "at": when},
            )
    return int(number or 0)
