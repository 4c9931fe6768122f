"""One entry of the audit log: who, what, why, what changed by it, and its place in the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, aliased

from azora_admin.core.errors import NotFound
from azora_admin.identity.rules.audit_changes import Change, changes
from azora_admin.identity.tables import AuditEntry, AuditLink, AuditSeal


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: its number in one of the day's chains. ``previous`` is None for the first of a chain."""

    day: date
    chain: int
    number: int
    hash: str
    previous: str | None
    sealed_at: datetime | None


@dataclass(frozen=True, slots=True)
class AuditDetail:
    """An entry and what it changed. ``place`` is None only where somebody meddled: azora verify says so."""

    id: UUID
    recorded_at: datetime
    act: str
    subject_kind: str
    subject_id: str
    subject_label: str
    actor_id: UUID | None
    actor_name: str
    key_id: UUID | None
    via: str
    request_id: str
    address: str
    why: str
    changes: Sequence[Change]
    place: Place | None


def audit_entry(session: Session, entry_id: UUID) -> AuditDetail:
    """The entry, in one statement. Raises NotFound."""
    before = aliased(AuditLink)
    row = session.execute(
        select(AuditEntry, AuditLink, before.hash, AuditSeal.sealed_at)
        .outerjoin(AuditLink, AuditLink.entry_id == AuditEntry.id)
        .outerjoin(
            before,
            and_(
                before.day == AuditLink.day,
                before.chain == AuditLink.chain,
                before.number == AuditLink.number - 1,
            ),
        )
        .outerjoin(AuditSeal, AuditSeal.day == AuditLink.day)
        .where(AuditEntry.id == entry_id)
    ).one_or_none()
    if row is None:
        raise NotFound("audit_entry_not_found", "The audit log has no such entry.")
    entry, link, previous, sealed_at = row
    return _detail(entry, _place(link, previous, sealed_at))


def _detail(entry: AuditEntry, place: Place | None) -> AuditDetail:
    return AuditDetail(
        id=entry.id,
        recorded_at=entry.recorded_at,
        act=entry.act,
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        subject_label=entry.subject_label,
        actor_id=entry.actor_id,
        actor_name=entry.actor_name,
        key_id=entry.key_id,
        via=entry.via,
        request_id=entry.request_id,
        address=entry.address,
        why=entry.why,
        changes=changes(entry.before, entry.after),
        place=place,
    )


def _place(link: AuditLink | None, previous: bytes | None, sealed_at: datetime | None) -> Place | None:
    if link is None:
        return None
    return Place(
        link.day, link.chain, link.number, link.hash.hex(), previous.hex() if previous else None, sealed_at
    )
