"""Who I am and what I may open."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, conditional, parameters, shapes
from azora_admin.api.description import PEOPLE, Answer, describe
from azora_admin.core import db
from azora_admin.identity.rules import Action
from azora_admin.marketplace import queries
from azora_admin.web.callers import caller, needs


def blueprint() -> Blueprint:
    """GET /me and /me/access."""
    own = Blueprint("me", __name__)
    bearer.require_token(own)

    @own.get("/me")
    @needs(Action.READ_OWN)
    @describe("get_me", PEOPLE, Answer(200, shapes.Person))
    def show() -> Response:
        """Get your account.

        Who the token or API key speaks for.
        """
        told = answers.person(caller())
        return conditional.answer(lambda: told, key=repr(told))

    @own.get("/me/access")
    @needs(Action.READ_OWN)
    @describe("get_access", PEOPLE, Answer(200, shapes.Access))
    def access(query: parameters.OfCourse) -> Response:
        """Check access to a course.

        Whether you may open it, and every reason for it.
        """
        with db.reading() as session:
            reasons = queries.live_reasons(session, learner_id=caller().person_id, course_id=query.course_id)
        return conditional.answer(lambda: answers.access(reasons), key=repr(reasons))

    return own
