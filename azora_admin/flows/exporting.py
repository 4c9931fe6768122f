"""Somebody wants payments as a file: it is written down, told to the audit log, and left to a worker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.messaging import outbox
from azora_admin.payments.actions import exports


def request_export(session: Session, asker: SignedIn, actor: Actor, filters: Mapping[str, Any]) -> UUID:
    """Have the payments that ``filters`` (reports.payment_export) find written as a file. Returns the export's id."""
    export_id = exports.request(session, requested_by=asker.person_id, filters=filters)
    enqueue(session, export_id)
    audit.record(
        session,
        actor,
        act="payments.export_requested",
        subject=Subject("payment_export", str(export_id)),
        after={"filters": {name: value for name, value in filters.items() if value}},
    )
    return export_id


def take_up_stalled(session: Session) -> int:
    """Enqueue again what nobody has worked on for a while. Returns how many."""
    found = exports.stalled(session)
    for export_id in found:
        enqueue(session, export_id)
    return len(found)


def enqueue(session: Session, export_id: UUID) -> None:
    """Leave the export to a worker; two jobs of one export run one after another."""
    lock = f"payment_export:{export_id}"
    outbox.enqueue(session, outbox.WRITE_EXPORT, {"export_id": str(export_id)}, lock=lock)
