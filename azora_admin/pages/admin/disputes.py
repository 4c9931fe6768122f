"""Disputes: the list by what is to be done, and one dispute's story with the books' lines."""

from __future__ import annotations

from typing import Final

from flask import Response, request

from azora_admin.core import db
from azora_admin.core.ids import DisputeId, parse_id
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.payments.rules.disputes import ANSWERABLE, LOST
from azora_admin.reports.dispute_list import list_disputes, open_warnings
from azora_admin.reports.dispute_page import dispute_page
from azora_admin.web import hx, lists
from azora_admin.web.callers import caller, needs

SCOPE: Final = "admin.disputes"
# A view of the list: its word in the address, its name, and the statuses in it.
VIEWS: Final = (
    ("", "All", ()),
    ("answer", "To answer", ANSWERABLE),
    (
        "bank",
        "With the bank",
        ("under_review", "warning_under_review", "appeal_needs_response", "appeal_under_review"),
    ),
    ("won", "Won or closed", ("won", "warning_closed")),
    ("lost", "Lost", LOST),
)


@blueprint.get("/disputes")
@needs(Action.READ_DISPUTES)
def disputes() -> Response:
    """One page of the list; htmx gets the results and the tabs."""
    view = request.args.get("state", "")
    statuses = next((statuses for word, _, statuses in VIEWS if word == view), ())
    with db.snapshot() as session:
        found = list_disputes(session, statuses, limit=lists.PAGE, cursor=lists.asked_cursor(SCOPE))
        warnings = open_warnings(session)
    return hx.respond(
        "admin/disputes.html",
        part="disputes/_results.html",
        target="results",
        beside=("disputes/_tabs.html",),
        push_url=lists.address(
            "admin.disputes", state=view, after=request.args.get("after"), before=request.args.get("before")
        ),
        found=found,
        warnings=warnings,
        view=view,
        tabs=[(name, lists.address("admin.disputes", state=word), word == view) for word, name, _ in VIEWS],
        pager=lists.pager(found, SCOPE, "admin.disputes", state=view),
    )


@blueprint.get("/disputes/<dispute_id>")
@needs(Action.READ_DISPUTES)
def disputes_detail(dispute_id: str) -> Response:
    """One dispute; while an answer is on its way, htmx asks for its part again."""
    with db.snapshot() as session:
        found = dispute_page(session, DisputeId(parse_id(dispute_id)))
    return hx.respond(
        "admin/dispute.html",
        part="disputes/_story.html",
        target="story",
        story=found,
        may_answer=found.may_be_answered and caller().may(Action.ANSWER_DISPUTES),
    )
