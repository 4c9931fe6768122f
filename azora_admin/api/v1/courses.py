"""Courses: the shelf, open to anyone, and buying, for whoever holds a token."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, conditional, lists, parameters, shapes
from azora_admin.api.description import COURSES, Answer, Header, describe
from azora_admin.api.problems import COURSE_NOT_FOUND, CURSOR_NOT_FOUND, OF_PURCHASE
from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.core.ids import CourseId
from azora_admin.flows import checkout
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.identity.rules import Action
from azora_admin.marketplace import queries
from azora_admin.web import limits
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.once import kept, once

_SCOPE = "courses"
_ADDRESS = Header("Location", "Where the payment is; an enrolment has none.", always=False)


def shelf() -> Blueprint:
    """GET /courses and /courses/{id}."""
    courses = Blueprint("courses", __name__)
    bearer.open_to_all(courses)

    @courses.get("/courses")
    @describe("list_courses", COURSES, Answer(200, shapes.CourseList), refusals=[CURSOR_NOT_FOUND])
    def index(query: parameters.Paging) -> Response:
        """List courses.

        Those that are published, the newest first.
        """
        place = lists.place(query, _SCOPE)
        with db.reading() as session:
            page = queries.list_courses(session, limit=place.limit, cursor=place.cursor)
        return lists.public_answer(page, answers.course, scope=_SCOPE)

    @courses.get("/courses/<course_id>")
    @describe("get_course", COURSES, Answer(200, shapes.Course), refusals=[COURSE_NOT_FOUND])
    def show(course_id: CourseId) -> Response:
        """Get a course."""
        with db.reading() as session:
            found = queries.get_course(session, course_id)
        return conditional.public_answer(lambda: answers.course(found), key=conditional.revisions([found]))

    return courses


def purchases(settings: Settings, stripe: StripeConnection) -> Blueprint:
    """POST /courses/{id}/purchase."""
    purchase = Blueprint("purchases", __name__)
    bearer.require_token(purchase)
    ask_after = timedelta(seconds=settings.ask_after_seconds)

    @purchase.post("/courses/<course_id>/purchase")
    @needs(Action.BUY)
    @once
    @limits.limit_money
    @describe(
        "buy_course",
        COURSES,
        Answer(201, shapes.Order | shapes.Enrolled, [_ADDRESS]),
        refusals=OF_PURCHASE,
    )
    def buy(course_id: CourseId) -> Response:
        """Buy a course.

        Orders the course and creates its PaymentIntent at Stripe; confirm that with the `client_secret`. The same call
        again, while the payment is open, goes on with the same order. A free course is an enrolment at once.
        """
        bought = checkout.buy_course(
            stripe,
            caller(),
            actor(),
            course_id=course_id,
            ask_after=ask_after,
            finish=lambda session, bought: kept(session, answers.bought(bought)),
        )
        return answers.bought(bought)

    return purchase
