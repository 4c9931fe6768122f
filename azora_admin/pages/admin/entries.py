"""One ledger entry, explained: its legs, the rule that made them, and what caused it."""

from __future__ import annotations

from flask import render_template

from azora_admin.core import db
from azora_admin.core.ids import EntryId, parse_id
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.reports.entries import explain_entry
from azora_admin.web.callers import needs


@blueprint.get("/entries/<entry_id>")
@needs(Action.READ_LEDGER)
def entry(entry_id: str) -> str:
    """The entry's page."""
    with db.snapshot() as session:
        explained = explain_entry(session, EntryId(parse_id(entry_id)))
    return render_template("admin/entry.html", explained=explained)
