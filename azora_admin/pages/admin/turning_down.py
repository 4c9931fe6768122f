"""Turning down a refund that waits: a dialog where script runs, else a page. Whoever asked for it reads the reason."""

from __future__ import annotations

from flask import Response, flash, request, url_for

from azora_admin.core import db
from azora_admin.core.errors import Conflict, DomainError, Invalid
from azora_admin.core.ids import RefundId, new_id, parse_id
from azora_admin.flows import refunding
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.payments.rules.refunds import NOTE_LONGEST
from azora_admin.reports.refund_list import refund_row
from azora_admin.web import hx, limits
from azora_admin.web.callers import actor, needs
from azora_admin.web.forms import problems_of
from azora_admin.web.once import kept, once


@blueprint.get("/refunds/<refund_id>/turn-down")
@needs(Action.APPROVE_REFUNDS)
@limits.limit_money
def refunds_turn_down(refund_id: str) -> Response:
    """The form that asks why."""
    return _show(RefundId(parse_id(refund_id)))


@blueprint.post("/refunds/<refund_id>/turn-down")
@needs(Action.APPROVE_REFUNDS)
@once
@limits.limit_money
def refunds_turned_down(refund_id: str) -> Response:
    """A refund that waits is not to be made."""
    identity, done = RefundId(parse_id(refund_id)), hx.redirect(url_for("admin.refunds", state="waiting"))
    try:
        with db.transaction() as session:
            refunding.turn_down(session, actor(), refund_id=identity, why=request.form.get("why", ""))
            kept(session, done)
    except (Invalid, Conflict) as refused:
        return _show(identity, refused)
    flash("The refund is turned down.")
    return done


def _show(refund_id: RefundId, refused: DomainError | None = None) -> Response:
    with db.reading() as session:
        refund = refund_row(session, refund_id)
    return hx.respond(
        "admin/turn_down.html",
        part="refunds/_turn_down_dialog.html",
        target="dialog",
        status=422 if refused else 200,
        refund=refund,
        why=request.form.get("why", ""),
        problems=problems_of(refused) if refused else (),
        note_longest=NOTE_LONGEST,
        once_key=str(new_id()),
    )
