"""The queue of refunds: where each stands, and those that wait for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, flash, request, url_for
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import Conflict, DomainError, Invalid
from azora_admin.core.ids import RefundId, new_id, parse_id
from azora_admin.core.money import money_text
from azora_admin.flows import refunding
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.reports.refund_list import list_refunds
from azora_admin.reports.refund_request_list import count_open_requests
from azora_admin.web import hx, limits, lists
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import problems_of
from azora_admin.web.money import till
from azora_admin.web.once import kept, once

SCOPE: Final = "admin.refunds"
COUNTED: Final = 1000
# A view of the list: its word in the address, its name, and the states in it.
VIEWS: Final = (
    ("", "All", ()),
    ("waiting", "Need approval", ("waiting",)),
    ("open", "Under way", ("reserved", "unknown", "pending")),
    ("succeeded", "Refunded", ("succeeded",)),
    ("failed", "Failed", ("failed", "cancelled")),
)


@dataclass(frozen=True, slots=True)
class Tab:
    """A view of refunds; ``count`` is told of what waits for a person alone."""

    name: str
    url: str
    is_current: bool
    count: int | None = None


def refund_tabs(session: Session, current: str) -> Sequence[Tab]:
    """Every view of the list, and the requests; ``current`` is the word of the one that is shown."""
    waiting = count_open_requests(session, most=COUNTED)
    requests = Tab("Requests", url_for("admin.refund_requests"), current == "requests", waiting)
    views = [
        Tab(name, lists.address("admin.refunds", state=word), word == current) for word, name, _ in VIEWS
    ]
    bulk = Tab("Bulk runs", url_for("admin.bulk_refunds"), current == "bulk")
    return [requests, *views, bulk]


@blueprint.get("/refunds")
@needs(Action.READ_PAYMENTS)
def refunds() -> Response:
    """One page of the list; htmx gets the results and the tabs."""
    return _show()


@blueprint.post("/refunds/<refund_id>/approve")
@needs(Action.APPROVE_REFUNDS)
@once
@limits.limit_money
def refunds_approve(refund_id: str) -> Response:
    """Send a refund on its way that somebody else asked for."""
    done = hx.redirect(url_for("admin.refunds", state="waiting"))
    try:
        made = refunding.approve(
            till().stripe,
            caller(),
            actor(),
            refund_id=RefundId(parse_id(refund_id)),
            ask_after=till().ask_after,
            finish=lambda session, _: kept(session, done),
        )
    except (Invalid, Conflict) as refused:
        return _show(refused)
    flash(f"The refund of {money_text(made.refund.amount)} is approved.")
    return done


@blueprint.post("/refunds/<refund_id>/withdraw")
@needs(Action.REFUND)
@once
@limits.limit_money
def refunds_withdraw(refund_id: str) -> Response:
    """Whoever asked for a refund that waits takes that back."""
    done = hx.redirect(url_for("admin.refunds", state="waiting"))
    try:
        with db.transaction() as session:
            refunding.withdraw(session, caller(), actor(), refund_id=RefundId(parse_id(refund_id)))
            kept(session, done)
    except Conflict as refused:
        return _show(refused)
    flash("The refund is withdrawn.")
    return done


def _show(refused: DomainError | None = None) -> Response:
    view = request.args.get("state", "")
    states = next((states for word, _, states in VIEWS if word == view), ())
    with db.snapshot() as session:
        found = list_refunds(session, states, limit=lists.PAGE, cursor=lists.asked_cursor(SCOPE))
        tabs = refund_tabs(session, view)
    me = caller()
    return hx.respond(
        "admin/refunds.html",
        part="refunds/_results.html",
        target="results",
        beside=("refunds/_tabs.html",),
        push_url=lists.address(
            "admin.refunds", state=view, after=request.args.get("after"), before=request.args.get("before")
        ),
        status=refused.status if refused else 200,
        found=found,
        view=view,
        tabs=tabs,
        pager=lists.pager(found, SCOPE, "admin.refunds", state=view),
        problems=problems_of(refused) if refused else (),
        may_approve=me.may(Action.APPROVE_REFUNDS),
        own_id=me.person_id,
        keys=[str(new_id()) for _ in found.items],
    )
