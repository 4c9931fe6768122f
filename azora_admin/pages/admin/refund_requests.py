"""What payers ask to have refunded: the queue, and deciding one of it in a drawer or on its page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Response, flash, request, url_for
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import Conflict, DomainError, Invalid
from azora_admin.core.ids import RefundRequestId, new_id, parse_id
from azora_admin.core.money import money_text
from azora_admin.flows import refund_requests as flow
from azora_admin.flows import refunding
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.pages.admin.refunds import refund_tabs
from azora_admin.payments.rules.refunds import NOTE_LONGEST
from azora_admin.reports.refund_preview import Line, lines
from azora_admin.reports.refund_request_list import RequestRow, list_refund_requests, refund_request_row
from azora_admin.web import hx, limits, lists
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import problems_of
from azora_admin.web.money import till
from azora_admin.web.once import kept, once

SCOPE: Final = "admin.refund_requests"
_DONE: Final = {
    "waiting": "The refund of {amount} waits for approval.",
    "succeeded": "{amount} went back to the learner.",
}
_ON_ITS_WAY: Final = "The refund of {amount} is on its way."


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What approving would do; or why it can't be done."""

    plan: refunding.Plan | None
    lines: tuple[Line, ...]
    refused: str = ""


@blueprint.get("/refunds/requests")
@needs(Action.READ_PAYMENTS)
def refund_requests() -> Response:
    """One page of the queue, or of what is decided."""
    is_open = request.args.get("state") != "decided"
    state = None if is_open else "decided"
    with db.snapshot() as session:
        found = list_refund_requests(
            session, is_open=is_open, limit=lists.PAGE, cursor=lists.asked_cursor(SCOPE)
        )
        tabs = refund_tabs(session, "requests")
    return hx.respond(
        "admin/refund_requests.html",
        part="refunds/_requests.html",
        target="results",
        beside=("refunds/_tabs.html",),
        push_url=lists.address(
            "admin.refund_requests",
            state=state,
            after=request.args.get("after"),
            before=request.args.get("before"),
        ),
        found=found,
        is_open=is_open,
        tabs=tabs,
        pager=lists.pager(found, SCOPE, "admin.refund_requests", state=state),
        may_decide=caller().may(Action.REFUND),
    )


@blueprint.get("/refunds/requests/<request_id>")
@needs(Action.REFUND)
@limits.limit_money
def refund_request(request_id: str) -> Response:
    """The request, with what approving it would do."""
    return _show(RefundRequestId(parse_id(request_id)))


@blueprint.post("/refunds/requests/<request_id>/approve")
@needs(Action.REFUND)
@once
@limits.limit_money
def refund_request_approve(request_id: str) -> Response:
    """Refund what is asked for."""
    identity, done = RefundRequestId(parse_id(request_id)), _back()
    try:
        made = flow.approve(
            till().stripe,
            caller(),
            actor(),
            identity,
            limits=till().limits,
            ask_after=till().ask_after,
            finish=lambda session, _: kept(session, done),
        )
    except (Invalid, Conflict) as refused:
        return _show(identity, refused)
    flash(_DONE.get(made.refund.state, _ON_ITS_WAY).format(amount=money_text(made.refund.amount)))
    return done


@blueprint.post("/refunds/requests/<request_id>/decline")
@needs(Action.REFUND)
@once
@limits.limit_money
def refund_request_decline(request_id: str) -> Response:
    """Not to be refunded, for a reason that the learner reads."""
    identity, done = RefundRequestId(parse_id(request_id)), _back()
    try:
        with db.transaction() as session:
            flow.decline(session, caller(), actor(), identity, why=request.form.get("why", ""))
            kept(session, done)
    except (Invalid, Conflict) as refused:
        return _show(identity, refused)
    flash("The request is declined, and the learner is told why.")
    return done


def _back() -> Response:
    return hx.redirect(url_for("admin.refund_requests"))


def _show(request_id: RefundRequestId, refused: DomainError | None = None) -> Response:
    with db.snapshot() as session:
        row = refund_request_row(session, request_id)
        rehearsal = _rehearse(session, row)
    return hx.respond(
        "admin/refund_request.html",
        part="refunds/_request_drawer.html",
        target="dialog",
        status=422 if refused else 200,
        asked=row,
        rehearsal=rehearsal,
        is_own=row.payer_id == caller().person_id,
        why=request.form.get("why", ""),
        note_longest=NOTE_LONGEST,
        problems=problems_of(refused) if refused else (),
        once_key=str(new_id()),
    )


def _rehearse(session: Session, row: RequestRow) -> Rehearsal:
    if row.state != "open":
        return Rehearsal(None, (), f"This request is {row.state} already.")
    try:
        plan = refunding.preview(
            session,
            caller(),
            payment_id=row.payment_id,
            amount=row.amount.amount,
            limits=till().limits,
        )
    except (Invalid, Conflict) as refused:
        return Rehearsal(None, (), refused.detail)
    return Rehearsal(plan, tuple(lines(session, plan.legs)))
