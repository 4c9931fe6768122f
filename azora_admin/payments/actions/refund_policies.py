"""Changing the refund policy: by a new version, in force from now on for what is bought from now on."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.ids import PersonId
from azora_admin.payments.rules.refund_policy import Policy
from azora_admin.payments.tables import RefundPolicy


def lock(session: Session) -> None:
    """Until this transaction ends nobody else puts a policy in force."""
    db.lock(session, "refund_policy")


def add_version(session: Session, policy: Policy, *, why: str, created_by: PersonId) -> None:
    """Put ``policy`` in force, under ``lock``; its version is the one that comes next."""
    most = policy.automatic_up_to
    session.execute(
        insert(RefundPolicy).values(
            version=policy.version,
            effective_at=clock.now(),
            days=policy.days,
            most_progress=policy.most_progress,
            automatic_up_to_minor=most.amount if most else None,
            automatic_currency=most.currency if most else None,
            text=policy.text,
            why=why,
            created_by=created_by,
        )
    )
