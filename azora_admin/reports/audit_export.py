"""The audit log as lines of a table, all that a filter finds: read through a cursor of the server, never held whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Select, Text, cast, func, select
from sqlalchemy.orm import Session

from azora_admin.core.errors import FieldError, Invalid
from azora_admin.identity.tables import AuditEntry, AuditLink
from azora_admin.reports import audit_search
from azora_admin.reports.audit_log import AuditFilter, narrowed

MOST: Final = 1_000_000
_AT_ONCE: Final = 500
HEADINGS: Final = (
    *"recorded_at act subject_kind subject_id subject_label actor_id actor_name key_id via request_id".split(),
    *"address why before after id day chain number hash".split(),
)


def count_export(session: Session, wanted: AuditFilter, *, most: int = MOST) -> int:
    """How many entries an export would have. Raises Invalid (field ``dates``) for more than ``most``."""
    some = select(AuditEntry.id).where(*_conditions(session, wanted)).limit(most + 1).subquery()
    count = session.scalar(select(func.count()).select_from(some)) or 0
    if count > most:
        text = f"These are more than {most:,} entries, the most that fit into one file: choose fewer days."
        raise Invalid([FieldError("dates", "too_many", text)])
    return count


def export_lines(session: Session, wanted: AuditFilter) -> Iterator[Sequence[str | int | None]]:
    """The lines in the order of ``HEADINGS``, newest first; a few hundred are in memory at a time."""
    statement = _lines().where(*_conditions(session, wanted))
    with session.execute(
        statement.order_by(AuditEntry.recorded_at.desc(), AuditEntry.id.desc()),
        execution_options={"stream_results": True, "yield_per": _AT_ONCE},
    ) as found:
        for row in found:
            yield [value if isinstance(value, str | int | None) else str(value) for value in row]


def _conditions(session: Session, wanted: AuditFilter) -> list[Any]:
    within: list[Any] = list(narrowed(wanted))
    if wanted.text:
        acts = audit_search.known_acts(session)
        within.append(audit_search.is_meant(audit_search.meanings(session, wanted.text, acts=acts)))
    return within


def _lines() -> Select[*tuple[Any, ...]]:
    return select(
        func.to_char(AuditEntry.recorded_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        AuditEntry.act,
        AuditEntry.subject_kind,
        AuditEntry.subject_id,
        AuditEntry.subject_label,
        AuditEntry.actor_id,
        AuditEntry.actor_name,
        AuditEntry.key_id,
        AuditEntry.via,
        AuditEntry.request_id,
        AuditEntry.address,
        AuditEntry.why,
        cast(AuditEntry.before, Text),
        cast(AuditEntry.after, Text),
        AuditEntry.id,
        AuditLink.day,
        AuditLink.chain,
        AuditLink.number,
        func.encode(AuditLink.hash, "hex"),
    ).outerjoin(AuditLink, AuditLink.entry_id == AuditEntry.id)
