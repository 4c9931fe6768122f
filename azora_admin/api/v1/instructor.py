"""What an instructor has earned."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, conditional, shapes
from azora_admin.api.description import INSTRUCTORS, Answer, describe
from azora_admin.core import clock, db
from azora_admin.identity.rules import Action
from azora_admin.reports.instructor_balance import instructor_balance
from azora_admin.web.callers import caller, needs


def blueprint() -> Blueprint:
    """GET /instructor/earnings."""
    instructor = Blueprint("instructor_earnings", __name__)
    bearer.require_token(instructor)

    @instructor.get("/instructor/earnings")
    @needs(Action.READ_EARNINGS)
    @describe("get_earnings", INSTRUCTORS, Answer(200, shapes.Earnings))
    def earnings() -> Response:
        """Get your earnings.

        What your courses have earned in each currency. `earned` is the sum of `pending`, which refunds can still take
        back, and `available`.
        """
        with db.snapshot() as session:
            balances = instructor_balance(session, instructor_id=caller().person_id, at=clock.now())
        # What is pending becomes available by time alone: the figures themselves are the key.
        return conditional.answer(lambda: answers.earnings(balances), key=repr(balances))

    return instructor
