"""Statements: one month of an instructor's account as a PDF or for a spreadsheet."""

from __future__ import annotations

from flask import Response, request

from azora_admin.core import clock, db
from azora_admin.core.money import exponent
from azora_admin.identity.rules import Action
from azora_admin.pages.instructor import blueprint
from azora_admin.reports.earnings import DEFAULT_CURRENCY
from azora_admin.reports.monthly_statement import MonthlyStatement, month_called, monthly_statement
from azora_admin.web import documents, sessions, statements
from azora_admin.web.callers import needs


@blueprint.get("/statements/<month>/pdf")
@needs(Action.READ_EARNINGS)
def statement_pdf(month: str) -> Response:
    """The month on paper."""
    paper = documents.asked_paper()
    return statements.pdf_answer(_statement(month), paper)


@blueprint.get("/statements/<month>/csv")
@needs(Action.READ_EARNINGS)
def statement_csv(month: str) -> Response:
    """The month for a spreadsheet."""
    return statements.csv_answer(_statement(month))


def _statement(month: str) -> MonthlyStatement:
    first_on = month_called(month)
    currency = request.args.get("currency", DEFAULT_CURRENCY)
    exponent(currency)  # raises Invalid for one that is none
    with db.snapshot() as session:
        return monthly_statement(
            session,
            instructor_id=sessions.signed_in().person_id,
            currency=currency,
            first_on=first_on,
            now=clock.now(),
        )
