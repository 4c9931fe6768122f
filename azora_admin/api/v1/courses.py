"""Courses: the shelf, open to anyone, and buying, for whoever holds a token."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, bodies, lists
from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.core.ids import CourseId, parse_id
from azora_admin.flows import checkout
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.identity.rules import Action
from azora_admin.marketplace import queries
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.once import kept, once

_SCOPE = "courses"


def shelf() -> Blueprint:
    """GET /courses and /courses/{id}."""
    courses = Blueprint("courses", __name__)
    bearer.open_to_all(courses)

    @courses.get("/courses")
    def index() -> Response:
        place = lists.place(_SCOPE)
        with db.reading() as session:
            page = queries.list_courses(session, limit=place.limit, cursor=place.cursor)
        return lists.answer(page, answers.course, scope=_SCOPE)

    @courses.get("/courses/<course_id>")
    def show(course_id: str) -> Response:
        with db.reading() as session:
            return answers.json(answers.course(queries.get_course(session, CourseId(parse_id(course_id)))))

    return courses


def purchases(settings: Settings, stripe: StripeConnection) -> Blueprint:
    """POST /courses/{id}/purchase."""
    purchase = Blueprint("purchases", __name__)
    bearer.require_token(purchase)
    ask_after = timedelta(seconds=settings.ask_after_seconds)

    @purchase.post("/courses/<course_id>/purchase")
    @needs(Action.BUY)
    @once
    def buy(course_id: str) -> Response:
        bodies.read(bodies.NoBody)
        bought = checkout.buy_course(
            stripe,
            caller(),
            course_id=CourseId(parse_id(course_id)),
            cause=actor().cause,
            ask_after=ask_after,
            finish=lambda session, bought: kept(session, _bought(bought)),
        )
        return _bought(bought)

    return purchase


def _bought(bought: checkout.Purchase | checkout.Enrolment) -> Response:
    if isinstance(bought, checkout.Enrolment):
        enrolment = {"course_id": bought.course_id, "enrolled_at": bought.enrolled_at}
        return answers.json({"enrollment": enrolment}, 201)
    answer = answers.json({**answers.payment(bought.payment), "client_secret": bought.client_secret}, 201)
    answer.headers["Location"] = f"/api/v1/payments/{bought.payment.id}"
    answer.headers["Cache-Control"] = "no-store"
    return answer
