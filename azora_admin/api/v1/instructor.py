"""What an instructor has earned."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer
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
    def earnings() -> Response:
        with db.snapshot() as session:
            balances = instructor_balance(session, instructor_id=caller().person_id, at=clock.now())
        items = [
            {
                "currency": one.total.currency,
                "earned": one.total.amount,
                "pending": one.pending.amount,
                "available": one.available.amount,
                "sales": one.sales,
            }
            for one in balances
        ]
        return answers.json({"items": items})

    return instructor
