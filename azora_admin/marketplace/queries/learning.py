"""Reading what was learned: enrolments with how far their learners came, and the steps that led there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Select, exists, func, literal_column, select, tuple_
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import CourseId, EnrolmentId, PersonId
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.marketplace.rules.learning import NO_PROGRESS, Progress
from azora_admin.marketplace.tables import AccessGrant, Course, Enrolment, LearningStep, Lesson


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """A learner in a course; ``is_open`` while there is a live reason for access.

    ``revision`` is another one for each state of all this.
    """

    id: EnrolmentId
    course_id: CourseId
    title: str
    enrolled_at: datetime
    is_open: bool
    progress: Progress
    revision: int


@dataclass(frozen=True, slots=True)
class StepView:
    """A lesson was opened or completed; see ``tables.LearningStep``."""

    at: datetime
    told_at: datetime
    kind: str
    lesson: str
    position: int
    address: str


def get_enrolment(session: Session, enrolment_id: EnrolmentId, *, learner_id: PersonId) -> EnrolmentView:
    """The learner's own enrolment. Raises NotFound ``enrollment_not_found``."""
    found = session.execute(
        _shown(_enrolments().where(Enrolment.id == enrolment_id, Enrolment.learner_id == learner_id))
    ).one_or_none()
    if found is None:
        raise NotFound("enrollment_not_found", "You have no such enrolment.")
    return _view(found)


def list_enrolments(
    session: Session, *, learner_id: PersonId, limit: int, cursor: Cursor | None
) -> Page[EnrolmentView]:
    """The learner's courses, the newest first, one keyset page in one statement."""
    wanted = _enrolments().where(Enrolment.learner_id == learner_id)
    if cursor:
        wanted = wanted.where(tuple_(Enrolment.enrolled_at, Enrolment.id) < (cursor.at, cursor.id))
    wanted = wanted.order_by(Enrolment.enrolled_at.desc(), Enrolment.id.desc()).limit(limit + 1)
    shown = _shown(wanted).order_by(literal_column("enrolled_at").desc(), literal_column("id").desc())
    return page_of(
        [_view(row) for row in session.execute(shown)],
        limit=limit,
        cursor=cursor,
        key=lambda one: (one.enrolled_at, one.id),
    )


def find_progress(session: Session, *, learner_id: PersonId, course_id: CourseId) -> Progress:
    """How far the learner came in the course; nothing of anything when never enrolled."""
    row = session.execute(
        select(*_counts()).where(Enrolment.learner_id == learner_id, Enrolment.course_id == course_id)
    ).one_or_none()
    return Progress(*row) if row else NO_PROGRESS


def steps_of(
    session: Session, *, learner_id: PersonId, course_id: CourseId, limit: int
) -> Sequence[StepView]:
    """What the learner did in the course, the newest first, at most ``limit`` steps."""
    rows = session.execute(
        select(
            LearningStep.at,
            LearningStep.told_at,
            LearningStep.kind,
            Lesson.title,
            Lesson.position,
            LearningStep.address,
        )
        .join(Enrolment, Enrolment.id == LearningStep.enrolment_id)
        .join(Lesson, Lesson.id == LearningStep.lesson_id)
        .where(Enrolment.learner_id == learner_id, Enrolment.course_id == course_id)
        .order_by(LearningStep.at.desc(), LearningStep.event_id.desc())
        .limit(limit)
    ).all()
    return [StepView(*row) for row in rows]


def _enrolments() -> Select[*tuple[Any, ...]]:
    is_open = exists().where(
        AccessGrant.learner_id == Enrolment.learner_id,
        AccessGrant.course_id == Enrolment.course_id,
        AccessGrant.ended_at.is_(None),
    )
    return select(
        Enrolment.id,
        Enrolment.course_id,
        Course.title,
        Enrolment.enrolled_at,
        is_open.label("is_open"),
        *_counts(),
    ).join(Course, Course.id == Enrolment.course_id)


def _counts() -> tuple[Any, Any, Any]:
    """Lessons of the enrolment's course, those opened and those completed: the fields of Progress."""
    lessons = select(func.count()).where(Lesson.course_id == Enrolment.course_id)
    steps = select(func.count(LearningStep.lesson_id.distinct())).where(
        LearningStep.enrolment_id == Enrolment.id
    )
    completed = select(func.count()).where(
        LearningStep.enrolment_id == Enrolment.id, LearningStep.kind == "completed"
    )
    return (
        lessons.correlate(Enrolment).scalar_subquery().label("lessons"),
        steps.correlate(Enrolment).scalar_subquery().label("opened"),
        completed.correlate(Enrolment).scalar_subquery().label("completed"),
    )


def _shown(wanted: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """``wanted`` with a hash of all that it shows, as ``core.revisions`` has of one row."""
    shown = wanted.subquery("shown")
    return select(*shown.c, literal_column("hash_record_extended(shown.*, 0)", BigInteger).label("revision"))


def _view(row: Any) -> EnrolmentView:
    progress = Progress(row.lessons, row.opened, row.completed)
    return EnrolmentView(
        row.id, row.course_id, row.title, row.enrolled_at, row.is_open, progress, row.revision
    )
