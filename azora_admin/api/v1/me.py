"""Who I am and what I may open."""

from __future__ import annotations

from flask import Blueprint, Response, request

from azora_admin.api import answers, bearer
from azora_admin.core import db
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import CourseId, parse_id
from azora_admin.identity.rules import Action
from azora_admin.marketplace import queries
from azora_admin.web.callers import caller, needs


def blueprint() -> Blueprint:
    """GET /me and /me/access."""
    own = Blueprint("me", __name__)
    bearer.require_token(own)

    @own.get("/me")
    @needs(Action.READ_OWN)
    def show() -> Response:
        me = caller()
        return answers.json(
            {
                "id": me.person_id,
                "email": me.email,
                "name": me.name,
                "roles": sorted(me.roles),
            }
        )

    @own.get("/me/access")
    @needs(Action.READ_OWN)
    def access() -> Response:
        course_id = request.args.get("course_id")
        if not course_id:
            raise Invalid([FieldError("course_id", "missing", "Say which course: ?course_id=…")])
        with db.reading() as session:
            reasons = queries.live_reasons(
                session, learner_id=caller().person_id, course_id=CourseId(parse_id(course_id))
            )
        told = [{"reason": one.reason, "payment_id": one.payment_id, "since": one.since} for one in reasons]
        return answers.json({"allowed": bool(told), "reasons": told})

    return own
