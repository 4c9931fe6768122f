"""The demo's learners learn: each day some of them open the next lesson of a course of theirs, and most finish it."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final
from uuid import uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.ids import EnrolmentId, LessonId, PersonId
from azora_admin.marketplace import actions as shelf
from azora_admin.marketplace import queries as courses
from azora_admin.marketplace.actions.learning import Step
from azora_admin.marketplace.rules.learning import StepKind
from azora_admin.marketplace.tables import Enrolment, Lesson

_A_DAY: Final = 8
_FINISHED: Final = 0.85


def study_a_day(chance: random.Random) -> None:
    """Some learners go on where they are, now."""
    with db.reading() as session:
        known = session.execute(select(Enrolment.id, Enrolment.learner_id).order_by(Enrolment.id)).all()
    for enrolment_id, learner_id in chance.sample(known, min(_A_DAY, len(known))):
        with db.transaction() as session:
            _next_lesson(
                session,
                EnrolmentId(enrolment_id),
                PersonId(learner_id),
                is_finished=chance.random() < _FINISHED,
            )


def _next_lesson(
    session: Session, enrolment_id: EnrolmentId, learner_id: PersonId, *, is_finished: bool
) -> None:
    enrolment = courses.get_enrolment(session, enrolment_id, learner_id=learner_id)
    lesson_id = session.scalar(
        select(Lesson.id).where(
            Lesson.course_id == enrolment.course_id, Lesson.position == enrolment.progress.opened + 1
        )
    )
    if lesson_id is None or not enrolment.is_open:
        return
    kinds: list[StepKind] = ["opened", "completed"] if is_finished else ["opened"]
    for minutes, kind in enumerate(kinds):
        step = Step(
            uuid5(enrolment_id, f"{lesson_id} {kind}"),
            LessonId(lesson_id),
            kind,
            clock.now() + timedelta(minutes=minutes),
        )
        shelf.record_step(
            session, learner_id, enrolment_id=enrolment_id, step=step, address=f"192.0.2.{_host(learner_id)}"
        )


def _host(learner_id: PersonId) -> int:
    """Where a learner is at home: a place in a network that is there for examples (RFC 5737)."""
    return learner_id.int % 253 + 1
