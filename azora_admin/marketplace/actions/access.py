"""Who may open a course: grants, each with its reason, and the one enrolment that learning is written down under."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import CourseId, PaymentId, PersonId, new_id
from azora_admin.marketplace.tables import AccessGrant, Enrolment


def grant_access(
    session: Session, *, learner_id: PersonId, course_id: CourseId, reason: str, payment_id: PaymentId | None
) -> None:
    """Let the learner open the course for this reason; the same reason twice is once. The first one enrols them."""
    _enrol(session, learner_id=learner_id, course_id=course_id)
    session.execute(
        upsert(AccessGrant)
        .values(
            id=new_id(),
            learner_id=learner_id,
            course_id=course_id,
            reason=reason,
            payment_id=payment_id,
            created_at=clock.now(),
            ended_at=None,
            end_reason=None,
        )
        .on_conflict_do_nothing(index_elements=["learner_id", "course_id", "reason", "payment_id"])
    )


def end_access(session: Session, *, payment_id: PaymentId, reason: str) -> None:
    """End the grant that the payment brought, for ``reason`` (``refunded``). Other reasons for access stay."""
    session.execute(
        update(AccessGrant)
        .where(AccessGrant.payment_id == payment_id, AccessGrant.ended_at.is_(None))
        .values(ended_at=clock.now(), end_reason=reason)
    )


def restore_access(session: Session, *, payment_id: PaymentId) -> None:
    """The grant that the payment brought is live again: what had ended it was undone."""
    session.execute(
        update(AccessGrant)
        .where(AccessGrant.payment_id == payment_id, AccessGrant.ended_at.is_not(None))
        .values(ended_at=None, end_reason=None)
    )


def _enrol(session: Session, *, learner_id: PersonId, course_id: CourseId) -> None:
    session.execute(
        upsert(Enrolment)
        .values(id=new_id(), learner_id=learner_id, course_id=course_id, enrolled_at=clock.now())
        .on_conflict_do_nothing(index_elements=["learner_id", "course_id"])
    )
