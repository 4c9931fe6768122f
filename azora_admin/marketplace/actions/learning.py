"""What was learned: lessons of a course, and the steps that apps tell of, each once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict, DomainError, FieldError, Invalid
from azora_admin.core.ids import CourseId, EnrolmentId, LessonId, PersonId, new_id
from azora_admin.marketplace.queries.courses import live_reasons
from azora_admin.marketplace.queries.learning import EnrolmentView, get_enrolment
from azora_admin.marketplace.rules.learning import StepKind, check_time
from azora_admin.marketplace.tables import LearningStep, Lesson


@dataclass(frozen=True, slots=True)
class Step:
    """What an app tells: a lesson was opened or completed. ``event_id`` is the app's own, the same on a retry."""

    event_id: UUID
    lesson_id: LessonId
    kind: StepKind
    at: datetime


def add_lessons(session: Session, course_id: CourseId, *, titles: Sequence[str]) -> list[LessonId]:
    """Lessons after those that the course has, in the order given."""
    last = session.scalar(
        select(func.coalesce(func.max(Lesson.position), 0)).where(Lesson.course_id == course_id)
    )
    ids = [LessonId(new_id()) for _ in titles]
    rows = [
        {"id": lesson_id, "course_id": course_id, "position": position, "title": title}
        for position, (lesson_id, title) in enumerate(zip(ids, titles, strict=True), start=(last or 0) + 1)
    ]
    if rows:
        session.execute(insert(Lesson), rows)
    return ids


def record_step(
    session: Session, learner_id: PersonId, *, enrolment_id: EnrolmentId, step: Step, address: str
) -> EnrolmentView:
    """Keep the step and answer how far the learner is. The same event twice is once, a lesson is completed once.

    Raises NotFound ``enrollment_not_found``, DomainError 403 ``not_enrolled`` when access has ended, Invalid for a
    lesson of another course or an impossible time, Conflict ``progress_event_conflict`` when the event came before
    and told something else.
    """
    enrolment = get_enrolment(session, enrolment_id, learner_id=learner_id)
    if not live_reasons(session, learner_id=learner_id, course_id=enrolment.course_id):
        raise DomainError(403, "not_enrolled", "Your access to this course has ended.")
    check_time(step.at, enrolled_at=enrolment.enrolled_at, now=clock.now(), field=f"{step.kind}_at")
    _check_lesson(session, enrolment.course_id, step.lesson_id)
    added = session.scalar(
        upsert(LearningStep)
        .values(
            enrolment_id=enrolment_id,
            event_id=step.event_id,
            lesson_id=step.lesson_id,
            kind=step.kind,
            at=step.at,
            told_at=clock.now(),
            address=address,
        )
        .on_conflict_do_nothing()
        .returning(LearningStep.event_id)
    )
    if added is None:
        _refuse_other(session, enrolment_id, step)
        return enrolment
    return get_enrolment(session, enrolment_id, learner_id=learner_id)


def _check_lesson(session: Session, course_id: CourseId, lesson_id: LessonId) -> None:
    if session.scalar(select(Lesson.course_id).where(Lesson.id == lesson_id)) != course_id:
        raise Invalid([FieldError("lesson_id", "unknown_lesson", "Name a lesson of this course.")])


def _refuse_other(session: Session, enrolment_id: EnrolmentId, step: Step) -> None:
    """Raise Conflict when the event that is there told something else."""
    known = session.execute(
        select(LearningStep.lesson_id, LearningStep.kind, LearningStep.at).where(
            LearningStep.enrolment_id == enrolment_id, LearningStep.event_id == step.event_id
        )
    ).one_or_none()
    if known is not None and tuple(known) != (step.lesson_id, step.kind, step.at):
        raise Conflict("progress_event_conflict", "This event_id came with another step before.")
