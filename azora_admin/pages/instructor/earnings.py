"""Earnings: what learners paid, what was taken out, and what is the instructor's."""

from __future__ import annotations

from typing import Final

from flask import Response, request

from azora_admin.core import clock, db
from azora_admin.core.money import Money, money_text
from azora_admin.identity.rules import Action
from azora_admin.pages.instructor import blueprint
from azora_admin.reports.earnings import Earnings
from azora_admin.reports.earnings import earnings as read_earnings
from azora_admin.web import charts, filters, hx, lists, sessions
from azora_admin.web.callers import needs
from azora_admin.web.charts import Chart, Series

SCOPE: Final = "instructor.statement"
LINES: Final = 15


@blueprint.get("/earnings")
@needs(Action.READ_EARNINGS)
def earnings() -> Response:
    """The page; htmx asks for the statement's pages alone."""
    with db.snapshot() as session:
        view = read_earnings(
            session,
            instructor_id=sessions.signed_in().person_id,
            now=clock.now(),
            currency=request.args.get("currency"),
            limit=LINES,
            cursor=lists.asked_cursor(SCOPE),
        )
    kept = {"currency": None if view.standing.is_main else view.standing.currency}
    return hx.respond(
        "instructor/earnings.html",
        part="ledger/_statement.html",
        target="statement",
        push_url=lists.address(
            "instructor.earnings", **kept, after=request.args.get("after"), before=request.args.get("before")
        ),
        view=view,
        pager=lists.pager(view.statement, SCOPE, "instructor.earnings", **kept),
        chart=charts.bars(_by_month(view)),
        chart_rows=[
            (filters.month(month.first_on), filters.number(month.sales), money_text(month.earned))
            for month in view.months
        ],
    )


def _by_month(view: Earnings) -> Chart:
    best = max(view.months, key=lambda month: month.earned.amount)
    summary = (
        f"Your earnings by month: {money_text(view.standing.year)} in twelve months, "
        f"most in {filters.month(best.first_on)} with {money_text(best.earned)}."
    )
    return Chart(
        labels=[filters.month(month.first_on) for month in view.months],
        series=[Series("You earned", [month.earned.amount for month in view.months])],
        ticks=[f"{month.first_on:%b}" for month in view.months],
        on_axis=lambda value: filters.compact(Money(value, view.standing.currency)),
        in_words=lambda value: money_text(Money(value, view.standing.currency)),
        summary=summary,
    )
