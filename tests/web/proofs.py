"""Sessions as they are right after a sign-in with everything."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from azora_admin.core import db


def prove_all_sessions(at: datetime) -> None:
    """Everybody who is signed in proved to be themselves at ``at``."""
    with db.transaction() as session:
        session.execute(text("UPDATE person_session SET proved_at = :at"), {"at": at})
