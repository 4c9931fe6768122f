"""Refunding many payments: agreed to on a page, made by a job, followed on its page; and the list of such runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Response, flash, request, url_for
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import Conflict, DomainError, Invalid
from azora_admin.core.ids import BulkRefundId, PaymentId, new_id, parse_id
from azora_admin.flows import bulk_refunding
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.pages.admin.payments import asked_filter, asked_parameters
from azora_admin.pages.admin.refunds import refund_tabs
from azora_admin.payments.rules.bulk_refunds import MOST, BulkPlan
from azora_admin.payments.rules.refunds import NOTE_LONGEST, REASONS
from azora_admin.reports.bulk_preview import Draft, drafts_of, preview
from azora_admin.reports.bulk_refunds import RunPage, list_runs, run_page
from azora_admin.reports.payment_list import ids_of
from azora_admin.web import hx, limits, lists
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import problems_of
from azora_admin.web.money import till
from azora_admin.web.once import kept, once

SCOPE: Final = "admin.bulk_refunds"
ITEMS: Final = "admin.bulk_refund"
LINES: Final = "admin.bulk_refund_new"


@blueprint.get("/refunds/bulk")
@needs(Action.READ_PAYMENTS)
def bulk_refunds() -> Response:
    """Every run, newest first."""
    with db.snapshot() as session:
        found = list_runs(session, limit=lists.PAGE, cursor=lists.asked_cursor(SCOPE))
        tabs = refund_tabs(session, "bulk")
    return hx.respond(
        "admin/bulk_refunds.html",
        part="bulk_refunds/_results.html",
        target="results",
        push_url=lists.address(
            "admin.bulk_refunds", after=request.args.get("after"), before=request.args.get("before")
        ),
        found=found,
        tabs=tabs,
        pager=lists.pager(found, SCOPE, "admin.bulk_refunds"),
    )


@blueprint.get("/refunds/bulk/new")
@needs(Action.REFUND_MANY)
@limits.limit_money
def bulk_refund_new() -> Response:
    """What is agreed to: the payments of the address, or all that its filters match; htmx gets pages of lines alone."""
    return _confirm()


@blueprint.post("/refunds/bulk/new")
@needs(Action.REFUND_MANY)
@once
@limits.limit_money
def bulk_refund_start() -> Response:
    """Start the run that was agreed to, or have it wait for a second person."""
    form = request.form
    try:
        with db.transaction() as session:
            bulk_id = bulk_refunding.start(
                session,
                caller(),
                actor(),
                _chosen(session),
                reason=form.get("reason", ""),
                note=form.get("note", "").strip(),
                token=form.get("token", ""),
                typed_count=form.get("count", ""),
                limits=till().limits,
            )
            return kept(session, hx.redirect(url_for("admin.bulk_refund", bulk_id=bulk_id)))
    except (Invalid, Conflict) as refused:
        return _confirm(refused)


@blueprint.get("/refunds/bulk/<bulk_id>")
@needs(Action.READ_PAYMENTS)
def bulk_refund(bulk_id: str) -> Response:
    """One run; while it moves, htmx asks for its part again."""
    return _show(BulkRefundId(parse_id(bulk_id)))


@blueprint.post("/refunds/bulk/<bulk_id>/approve")
@needs(Action.APPROVE_REFUNDS)
@once
@limits.limit_money
def bulk_refund_approve(bulk_id: str) -> Response:
    """Let a run begin that somebody else asked for."""
    identity = BulkRefundId(parse_id(bulk_id))
    try:
        with db.transaction() as session:
            bulk_refunding.approve(session, caller(), actor(), identity)
            flash("The run is approved.")
            return kept(session, _back(identity))
    except Conflict as refused:
        return _show(identity, refused)


@blueprint.post("/refunds/bulk/<bulk_id>/turn-down")
@needs(Action.APPROVE_REFUNDS)
@once
@limits.limit_money
def bulk_refund_turn_down(bulk_id: str) -> Response:
    """A run that waits is not to be made."""
    identity = BulkRefundId(parse_id(bulk_id))
    try:
        with db.transaction() as session:
            why = request.form.get("why", "")
            bulk_refunding.turn_down(session, caller(), actor(), identity, why=why)
            flash("The run is turned down.")
            return kept(session, _back(identity))
    except (Invalid, Conflict) as refused:
        return _show(identity, refused)


@blueprint.post("/refunds/bulk/<bulk_id>/cancel")
@needs(Action.REFUND_MANY)
@once
@limits.limit_money
def bulk_refund_cancel(bulk_id: str) -> Response:
    """Begin no refund more of the run."""
    identity = BulkRefundId(parse_id(bulk_id))
    try:
        with db.transaction() as session:
            left = bulk_refunding.cancel(session, caller(), actor(), identity)
            flash(f"The rest is cancelled: {left:,} payments are not refunded.")
            return kept(session, _back(identity))
    except Conflict as refused:
        return _show(identity, refused)


def _back(bulk_id: BulkRefundId) -> Response:
    return hx.redirect(url_for("admin.bulk_refund", bulk_id=bulk_id))


def _chosen(session: Session) -> Sequence[PaymentId]:
    """The payments that the address names; or, asked for ``all``, those that its filters match."""
    if request.args.get("all") == "1":
        return ids_of(session, asked_filter(request.args), most=MOST + 1)
    return [PaymentId(parse_id(one)) for one in request.args.getlist("payment")[: MOST + 1]]


def _confirm(refused: DomainError | None = None) -> Response:
    with db.snapshot() as session:
        plan, why_not = _plan(session, _chosen(session))
        seen = plan and preview(session, plan, limit=lists.PAGE, cursor=lists.asked_cursor(LINES))
    kept = _kept()
    return hx.respond(
        "admin/bulk_refund_new.html",
        part="bulk_refunds/_lines.html",
        target="lines",
        status=refused.status if refused else 200,
        plan=plan,
        why_not=why_not,
        seen=seen,
        pager=lists.pager(seen.page, LINES, "admin.bulk_refund_new", **kept) if seen else None,
        address=lists.address("admin.bulk_refund_start", **kept),
        reasons=REASONS,
        entered=request.form,
        note_longest=NOTE_LONGEST,
        problems=problems_of(refused) if refused else (),
        once_key=str(new_id()),
    )


def _kept() -> dict[str, Any]:
    """The parameters of the address that say which payments are chosen."""
    if request.args.get("all") == "1":
        return {**asked_parameters(request.args), "all": "1"}
    return {"payment": request.args.getlist("payment")[: MOST + 1]}


def _plan(session: Session, chosen: Sequence[PaymentId]) -> tuple[BulkPlan | None, str]:
    try:
        return bulk_refunding.plan(session, chosen, till().limits), ""
    except Invalid as refused:
        return None, refused.detail


def _show(bulk_id: BulkRefundId, refused: DomainError | None = None) -> Response:
    with db.snapshot() as session:
        view = run_page(session, bulk_id, limit=lists.PAGE, cursor=lists.asked_cursor(ITEMS))
        drafts = _drafts(session, view)
    me = caller()
    return hx.respond(
        "admin/bulk_refund.html",
        part="bulk_refunds/_run.html",
        target="run",
        status=refused.status if refused else 200,
        view=view,
        run=view.run,
        drafts=drafts,
        pager=lists.pager(view.items, ITEMS, "admin.bulk_refund", bulk_id=str(bulk_id)),
        may_approve=me.may(Action.APPROVE_REFUNDS) and view.run.asked_by_id != me.person_id,
        may_cancel=me.may(Action.REFUND_MANY),
        why=request.form.get("why", ""),
        note_longest=NOTE_LONGEST,
        problems=problems_of(refused) if refused else (),
        keys=[str(new_id()) for _ in range(3)],
    )


def _drafts(session: Session, view: RunPage) -> Mapping[PaymentId, Draft]:
    """What the shown payments of a run that waits would post: whoever approves it sees what they agree to."""
    if view.run.state != "waiting":
        return {}
    return drafts_of(session, bulk_refunding.items_of(session, [one.payment_id for one in view.items.items]))
