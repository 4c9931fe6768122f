"""Recovery codes: made ten at a time, shown once, each good for one sign-in."""

from __future__ import annotations

import os

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.rules.codes import RECOVERY_BYTES, RECOVERY_CODES, recovery_code, recovery_hash
from azora_admin.identity.tables import RecoveryCode


def make_recovery_codes(session: Session, person_id: PersonId) -> list[str]:
    """New codes for the person, the only time that they are known; the ones they had are void."""
    forget_recovery_codes(session, person_id)
    codes = [recovery_code(os.urandom(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    rows = [
        {"id": new_id(), "person_id": person_id, "code_hash": recovery_hash(code), "used_at": None}
        for code in codes
    ]
    session.execute(insert(RecoveryCode), rows)
    return codes


def use_recovery_code(session: Session, person_id: PersonId, code: str) -> bool:
    """Whether ``code`` is a recovery code of the person that was not used yet; from now on it was."""
    hashed = recovery_hash(code)
    if hashed is None:
        return False
    used = session.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person_id,
            RecoveryCode.code_hash == hashed,
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
    )
    return used is not None


def forget_recovery_codes(session: Session, person_id: PersonId) -> None:
    """The person has no recovery codes any more."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
