"""Where an amount comes from: a ledger entry with its legs, its rule and its cause."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import bearer, conditional, explanations, parameters
from azora_admin.api.description import LEDGER, Answer, describe
from azora_admin.api.problems import ENTRY_NOT_FOUND
from azora_admin.core import db
from azora_admin.identity.rules import Action
from azora_admin.reports.entries import explain_entry
from azora_admin.web.callers import needs


def blueprint() -> Blueprint:
    """GET /explain."""
    explain = Blueprint("explain", __name__)
    bearer.require_token(explain)

    @explain.get("/explain")
    @needs(Action.READ_LEDGER)
    @describe("explain", LEDGER, Answer(200, explanations.Explanation), refusals=[ENTRY_NOT_FOUND])
    def show(query: parameters.OfEntry) -> Response:
        """Explain an entry.

        The legs of an entry of the ledger, the rule that made them, the event or request that caused it, and the
        payment that it is about.
        """
        with db.snapshot() as session:
            found = explain_entry(session, query.entry)
        return conditional.answer(lambda: explanations.explanation(found), key=repr(found))

    return explain
