"""What an instructor has earned, and the statement of each month."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, conditional, parameters, shapes, statement_shapes
from azora_admin.api.description import INSTRUCTORS, Answer, describe
from azora_admin.api.problems import STATEMENT_NOT_FOUND
from azora_admin.core import clock, db
from azora_admin.identity.rules import Action
from azora_admin.reports.instructor_balance import instructor_balance
from azora_admin.reports.monthly_statement import month_called, monthly_statement
from azora_admin.web.callers import caller, needs


def blueprint() -> Blueprint:
    """GET /instructor/earnings and /instructor/statement."""
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

    @instructor.get("/instructor/statement")
    @needs(Action.READ_EARNINGS)
    @describe(
        "get_statement", INSTRUCTORS, Answer(200, statement_shapes.Statement), refusals=[STATEMENT_NOT_FOUND]
    )
    def statement(query: parameters.OfMonth) -> Response:
        """Get a month's statement.

        Each line of your account with what the learner paid, what Stripe took, what went back, and your share: the
        figures of the PDF and the CSV on the pages, and the ledger's entry behind each. A fact that is booked later
        than its month changes that month's statement.
        """
        with db.snapshot() as session:
            found = monthly_statement(
                session,
                instructor_id=caller().person_id,
                currency=query.currency,
                first_on=month_called(query.month),
                now=clock.now(),
            )
        told = (found.first_on, found.opening, found.lines)
        return conditional.answer(lambda: statement_shapes.statement(found), key=repr(told))

    return instructor
