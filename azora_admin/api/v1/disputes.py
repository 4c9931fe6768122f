"""What payers' banks ask back: for staff, and for programs that watch deadlines."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import bearer, conditional, dispute_shapes, lists, parameters
from azora_admin.api.description import DISPUTES, Answer, describe
from azora_admin.api.problems import CURSOR_NOT_FOUND, DISPUTE_NOT_FOUND
from azora_admin.core import db
from azora_admin.core.ids import DisputeId
from azora_admin.identity.rules import Action
from azora_admin.payments import queries
from azora_admin.reports.dispute_page import dispute_page
from azora_admin.web.callers import needs

_SCOPE = "disputes"


def blueprint() -> Blueprint:
    """GET /disputes and /disputes/{id}."""
    disputes = Blueprint("disputes", __name__)
    bearer.require_token(disputes)

    @disputes.get("/disputes")
    @needs(Action.READ_DISPUTES)
    @describe("list_disputes", DISPUTES, Answer(200, dispute_shapes.DisputeList), refusals=[CURSOR_NOT_FOUND])
    def index(query: parameters.DisputePaging) -> Response:
        """List disputes.

        Of everybody's payments, the newest first.
        """
        place = lists.place(query, _SCOPE)
        wanted = queries.DisputeFilter(query.status, query.due_before, query.payment_id)
        with db.reading() as session:
            page = queries.list_disputes(session, wanted, limit=place.limit, cursor=place.cursor)
        return lists.answer(page, dispute_shapes.dispute, scope=_SCOPE)

    @disputes.get("/disputes/<dispute_id>")
    @needs(Action.READ_DISPUTES)
    @describe(
        "get_dispute", DISPUTES, Answer(200, dispute_shapes.DisputeWithStory), refusals=[DISPUTE_NOT_FOUND]
    )
    def show(dispute_id: DisputeId) -> Response:
        """Get a dispute.

        With its steps, what we answered, and its entries in the ledger.
        """
        with db.snapshot() as session:
            found = queries.get_dispute(session, dispute_id)
            page = dispute_page(session, dispute_id)
        told = (found.revision, page.answers, page.steps, [one.id for one in page.entries])
        return conditional.answer(
            lambda: dispute_shapes.dispute_with_story(found, page),
            key=repr(told),
        )

    return disputes
