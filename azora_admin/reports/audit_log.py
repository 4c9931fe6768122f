"""The audit log as a list: newest first, one keyset page at a time; a million entries cost what a thousand do.

Every way to look is a scan of an index that gives entries in the order of time, cut after one page. A text that may
mean several things is one such scan for each of them. Nothing is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal_column, select
from sqlalchemy.orm import Session

from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.identity.tables import AuditEntry
from azora_admin.reports import audit_search
from azora_admin.reports.audit_search import Meanings
from azora_admin.reports.keyset import newest_first

_RARE: Final = ("command", "job")


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the log is narrowed to; empty means everything. Days are whole days in UTC, both within."""

    text: str = ""
    act: str = ""
    via: str = ""
    actor_id: UUID | None = None
    subject_kind: str = ""
    subject_id: str = ""
    first_on: date | None = None
    last_on: date | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the log."""

    id: UUID
    recorded_at: datetime
    act: str
    subject_kind: str
    subject_id: str
    subject_label: str
    actor_id: UUID | None
    actor_name: str
    via: str
    address: str


@dataclass(frozen=True, slots=True)
class AuditLog:
    """One page, and every act that the log has. ``has_more``: the text begins more names than were looked for."""

    page: Page[AuditRow]
    acts: Sequence[str]
    has_more: bool


def list_audit(session: Session, wanted: AuditFilter, *, limit: int, cursor: Cursor | None) -> AuditLog:
    """The page of ``wanted`` after (or before) ``cursor``: in two statements, or four with a text."""
    acts = audit_search.known_acts(session)
    meant = audit_search.meanings(session, wanted.text, acts=acts) if wanted.text else None
    places = _places(wanted, meant, limit=limit, cursor=cursor).subquery()
    lines = _lines().join(places, places.c.id == AuditEntry.id)
    rows = session.execute(newest_first(lines, places.c.at, places.c.id, limit=limit, cursor=cursor)).all()
    page = page_of(
        [AuditRow(*row) for row in rows],
        limit=limit,
        cursor=cursor,
        key=lambda row: (row.recorded_at, row.id),
    )
    return AuditLog(page, acts, meant is not None and meant.has_more)


def narrowed(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    """What every entry of ``wanted`` fulfils, its text apart."""
    conditions: list[ColumnElement[bool]] = []
    for column, value in (
        (AuditEntry.act, wanted.act),
        (AuditEntry.actor_id, wanted.actor_id),
        (AuditEntry.subject_kind, wanted.subject_kind),
        (AuditEntry.subject_id, wanted.subject_id),
        (AuditEntry.via, wanted.via),
    ):
        if value:
            conditions.append(column == value)
    if wanted.via in _RARE:
        # In the words of the index.
        conditions.append(literal_column("audit_entry.via IN ('command', 'job')"))
    if wanted.first_on:
        conditions.append(AuditEntry.recorded_at >= _midnight(wanted.first_on))
    if wanted.last_on:
        conditions.append(AuditEntry.recorded_at < _midnight(wanted.last_on + timedelta(days=1)))
    return conditions


def _places(
    wanted: AuditFilter, meant: Meanings | None, *, limit: int, cursor: Cursor | None
) -> Select[*tuple[Any, ...]]:
    """Ids and times of no more entries than a page needs."""
    within = narrowed(wanted)
    if meant is None:
        entries = select(AuditEntry.id, AuditEntry.recorded_at.label("at")).where(*within)
        return newest_first(entries, AuditEntry.recorded_at, AuditEntry.id, limit=limit, cursor=cursor)
    return audit_search.places(meant, within, limit=limit, cursor=cursor)


def _lines() -> Select[*tuple[Any, ...]]:
    return select(
        AuditEntry.id,
        AuditEntry.recorded_at,
        AuditEntry.act,
        AuditEntry.subject_kind,
        AuditEntry.subject_id,
        AuditEntry.subject_label,
        AuditEntry.actor_id,
        AuditEntry.actor_name,
        AuditEntry.via,
        AuditEntry.address,
    )


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, UTC)
