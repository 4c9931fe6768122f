"""What the audit log says, for tests of whatever writes it."""

from __future__ import annotations

from sqlalchemy import select

from azora_admin.core import db
from azora_admin.identity.tables import AuditEntry


def audited(act: str = "") -> list[AuditEntry]:
    """The entries of an act (of any, when none is named), the first recorded first."""
    statement = select(AuditEntry).order_by(AuditEntry.recorded_at, AuditEntry.id)
    if act:
        statement = statement.where(AuditEntry.act == act)
    with db.reading() as session:
        return list(session.scalars(statement))
