"""The book against Stripe's statement: days, what differs, and what two persons decide about it."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from flask import Response, flash, make_response, render_template, request, url_for

from azora_admin.core import db
from azora_admin.core.errors import Conflict, DomainError, Invalid
from azora_admin.core.ids import new_id, parse_id
from azora_admin.flows import correcting
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.reconciliation.rules.decisions import REASON_LONGEST
from azora_admin.reports.reconciliation_days import list_days, standing
from azora_admin.reports.reconciliation_differences import difference_page, list_differences
from azora_admin.web import hx, limits, lists
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import problems_of
from azora_admin.web.once import kept, once
from azora_admin.web.statuses import DIFFERENCE

DAYS_SCOPE: Final = "admin.reconciliation"
DIFFERENCES_SCOPE: Final = "admin.differences"
_TABS: Final = (
    ("differs", "To decide"),
    ("waiting", "On their way"),
    ("explained", "Explained"),
    ("resolved", "Agree by now"),
    ("", "All"),
)


@blueprint.get("/reconciliation")
@needs(Action.READ_RECONCILIATION)
def reconciliation() -> Response:
    """The days, and what of them wants a decision; htmx gets the days."""
    with db.snapshot() as session:
        found = list_days(session, limit=lists.PAGE, cursor=lists.asked_cursor(DAYS_SCOPE))
        now = standing(session)
    return hx.respond(
        "admin/reconciliation.html",
        part="reconciliation/_days.html",
        target="results",
        push_url=lists.address(
            "admin.reconciliation", after=request.args.get("after"), before=request.args.get("before")
        ),
        found=found,
        standing=now,
        pager=lists.pager(found, DAYS_SCOPE, "admin.reconciliation"),
    )


@blueprint.get("/reconciliation/differences")
@needs(Action.READ_RECONCILIATION)
def differences() -> Response:
    """One page of the differences; htmx gets the results and the tabs."""
    day = _asked_day()
    state = request.args.get("state", "" if day else "differs")
    state = state if state in DIFFERENCE else ""
    parameters = {"state": state or ("all" if not day else ""), "day": day.isoformat() if day else ""}
    with db.snapshot() as session:
        found = list_differences(
            session,
            state=state,
            day=day,
            limit=lists.PAGE,
            cursor=lists.asked_cursor(DIFFERENCES_SCOPE),
        )
    return hx.respond(
        "admin/differences.html",
        part="reconciliation/_results.html",
        target="results",
        beside=("reconciliation/_tabs.html",),
        push_url=lists.address(
            "admin.differences",
            **parameters,
            after=request.args.get("after"),
            before=request.args.get("before"),
        ),
        found=found,
        state=state,
        day=day,
        tabs=[
            (
                name,
                lists.address("admin.differences", state=word or "all"),
                word == state,
                found.counts.get(word),
            )
            for word, name in _TABS
        ],
        pager=lists.pager(found.page, DIFFERENCES_SCOPE, "admin.differences", **parameters),
    )


@blueprint.get("/reconciliation/differences/<difference_id>")
@needs(Action.READ_RECONCILIATION)
def difference(difference_id: str) -> Response:
    """One difference, whole; htmx gets the suggested entry against another account."""
    return _show(parse_id(difference_id))


@blueprint.post("/reconciliation/differences/<difference_id>/proposals")
@needs(Action.CORRECT_BOOKS)
@once
@limits.limit_money
def differences_propose(difference_id: str) -> Response:
    """Propose to correct or to explain the difference."""
    identity, form = parse_id(difference_id), request.form
    done = hx.redirect(url_for("admin.difference", difference_id=identity))
    wanted = correcting.Wanted(identity, form.get("act", ""), form.get("reason", ""), form.get("counter", ""))
    try:
        with db.transaction() as session:
            correcting.propose(session, caller(), actor(), wanted)
            kept(session, done)
    except (Invalid, Conflict) as refused:
        return _show(identity, refused)
    flash("It waits for somebody else to approve it.")
    return done


@blueprint.post("/reconciliation/proposals/<decision_id>/approve")
@needs(Action.CORRECT_BOOKS)
@once
@limits.limit_money
def proposals_approve(decision_id: str) -> Response:
    """Approve what somebody else proposed."""
    return _decide(parse_id(decision_id), is_yes=True)


@blueprint.post("/reconciliation/proposals/<decision_id>/turn-down")
@needs(Action.CORRECT_BOOKS)
@once
@limits.limit_money
def proposals_turn_down(decision_id: str) -> Response:
    """Turn a proposal down, or withdraw one's own."""
    return _decide(parse_id(decision_id), is_yes=False)


def _decide(decision_id: UUID, *, is_yes: bool) -> Response:
    identity = parse_id(request.form.get("difference", ""))
    done = hx.redirect(url_for("admin.difference", difference_id=identity))
    try:
        with db.transaction() as session:
            if is_yes:
                decision = correcting.approve(session, caller(), actor(), decision_id)
                words = "The correction is booked." if decision.entry_id else "The difference is explained."
            else:
                correcting.turn_down(session, caller(), actor(), decision_id)
                words = "The proposal is turned down."
            kept(session, done)
    except Conflict as refused:
        return _show(identity, refused)
    flash(words)
    return done


def _show(difference_id: UUID, refused: DomainError | None = None) -> Response:
    values = request.values
    with db.snapshot() as session:
        page = difference_page(session, difference_id, counter=values.get("counter", ""))
    context = {
        "page": page,
        "problems": problems_of(refused) if refused else (),
        "may_correct": caller().may(Action.CORRECT_BOOKS),
        "own_id": caller().person_id,
        "act": values.get("act", "correct" if page.legs else "explain"),
        "reason": values.get("reason", ""),
        "reason_longest": REASON_LONGEST,
        "keys": [str(new_id()) for _ in range(3)],
    }
    if hx.wanted_part() == "suggestion":
        return make_response(render_template("reconciliation/_suggestion.html", **context))
    return make_response(
        render_template("admin/difference.html", **context), refused.status if refused else 200
    )


def _asked_day() -> date | None:
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None
