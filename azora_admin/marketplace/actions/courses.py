"""Changing courses and how their sales are shared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import AgreementId, CourseId, PersonId, new_id
from azora_admin.marketplace.rules import CourseDraft, check_shares
from azora_admin.marketplace.tables import Course, SplitAgreement, SplitShare


def create_course(
    session: Session, draft: CourseDraft, *, instructor_id: PersonId, published_at: datetime | None
) -> CourseId:
    """Keep a course. Raises Invalid (field ``title``) ``duplicate_course`` when its address is taken."""
    course_id = session.scalar(
        upsert(Course)
        .values(
            id=new_id(),
            instructor_id=instructor_id,
            title=draft.title,
            slug=draft.slug,
            summary=draft.summary,
            category=draft.category,
            level=draft.level,
            language=draft.language,
            status="published" if published_at else "draft",
            price_minor=draft.price.amount,
            currency=draft.price.currency,
            created_at=clock.now(),
            published_at=published_at,
            version=1,
        )
        .on_conflict_do_nothing(index_elements=["slug"])
        .returning(Course.id)
    )
    if course_id is None:
        raise Invalid(
            [FieldError("title", "title_taken", "A course of this title exists.")], code="duplicate_course"
        )
    return CourseId(course_id)


def agree_split(session: Session, course_id: CourseId, *, shares: Mapping[str, int]) -> AgreementId:
    """A new version of how the course's sales are shared, from now on. Raises Invalid."""
    check_shares(shares)
    now = clock.now()
    agreement_id = AgreementId(new_id())
    version = select(func.coalesce(func.max(SplitAgreement.version), 0) + 1).where(
        SplitAgreement.course_id == course_id
    )
    session.execute(
        insert(SplitAgreement).values(
            id=agreement_id,
            course_id=course_id,
            version=version.scalar_subquery(),
            effective_at=now,
            created_at=now,
        )
    )
    session.execute(
        insert(SplitShare),
        [
            {"agreement_id": agreement_id, "party": party, "basis_points": points}
            for party, points in sorted(shares.items())
        ],
    )
    return agreement_id
