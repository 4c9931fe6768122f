"""The courses that somebody is in, and what their apps tell of their learning."""

from __future__ import annotations

from flask import Blueprint, Response, request

from azora_admin.api import answers, bearer, bodies, lists, parameters, shapes
from azora_admin.api.description import LEARNING, Answer, describe
from azora_admin.api.problems import CURSOR_NOT_FOUND, OF_PROGRESS
from azora_admin.core import db
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import EnrolmentId
from azora_admin.identity.rules import Action
from azora_admin.marketplace import actions, queries
from azora_admin.marketplace.actions.learning import Step
from azora_admin.web.callers import caller, needs
from azora_admin.web.once import kept, once

_SCOPE = "enrollments"


def blueprint() -> Blueprint:
    """GET /enrollments and POST /enrollments/{id}/progress."""
    enrollments = Blueprint("enrollments", __name__)
    bearer.require_token(enrollments)

    @enrollments.get("/enrollments")
    @needs(Action.READ_OWN)
    @describe("list_enrollments", LEARNING, Answer(200, shapes.EnrolmentList), refusals=[CURSOR_NOT_FOUND])
    def index(query: parameters.Paging) -> Response:
        """List enrolments.

        The courses that you are in, or were, the newest first.
        """
        place = lists.place(query, _SCOPE)
        with db.reading() as session:
            page = queries.list_enrolments(
                session, learner_id=caller().person_id, limit=place.limit, cursor=place.cursor
            )
        return lists.answer(page, answers.enrolment, scope=_SCOPE)

    @enrollments.post("/enrollments/<enrolment_id>/progress")
    @needs(Action.LEARN)
    @once
    @describe("record_progress", LEARNING, Answer(200, shapes.CourseEnrolment), refusals=OF_PROGRESS)
    def progress(enrolment_id: EnrolmentId, body: bodies.Progress) -> Response:
        """Record progress.

        That a lesson was opened or completed. The same event twice is once, and a lesson is completed once.
        """
        step = _step(body)
        with db.transaction() as session:
            enrolment = actions.record_step(
                session,
                caller().person_id,
                enrolment_id=enrolment_id,
                step=step,
                address=request.remote_addr or "",
            )
            answer = answers.json(answers.enrolment(enrolment))
            kept(session, answer)
        return answer

    return enrollments


def _step(body: bodies.Progress) -> Step:
    """Raises Invalid unless exactly one of the two times is there."""
    if body.completed_at is not None and body.opened_at is None:
        return Step(body.event_id, body.lesson_id, "completed", body.completed_at)
    if body.opened_at is not None and body.completed_at is None:
        return Step(body.event_id, body.lesson_id, "opened", body.opened_at)
    raise Invalid([FieldError("completed_at", "one_of_two", "Send either opened_at or completed_at.")])
