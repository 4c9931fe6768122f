"""Audit entries of days gone by: the law as it is, but for the trigger that gives the time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import text

from azora_admin.core import db


def days_ago(days: int) -> date:
    """The day so long before today, in UTC."""
    return datetime.now(UTC).date() - timedelta(days=days)


def record_on(day: date, times: int = 1, *, chain_turns: int = 1) -> None:
    """Record ``times`` entries at noon of ``day``, in each of ``chain_turns`` transactions."""
    _stamping("DISABLE")
    try:
        for _ in range(chain_turns):
            with db.transaction() as session:
                session.execute(
                    text(
                        "INSERT INTO audit_entry (id, recorded_at, act, subject_kind, subject_id, subject_label,"
                        " actor_name, via, request_id, address, why, after)"
                        " SELECT gen_random_uuid(), :at, 'course.renamed', 'course', n::text, '', 'Ada', 'page',"
                        " 'req_' || n, '', 'asked to', '{\"n\": 1}' FROM generate_series(1, :times) n"
                    ),
                    {"at": datetime.combine(day, time(12), UTC), "times": times},
                )
    finally:
        _stamping("ENABLE")


def _stamping(state: str) -> None:
    with db.transaction() as session:
        session.execute(text(f"ALTER TABLE audit_entry {state} TRIGGER stamp"))
