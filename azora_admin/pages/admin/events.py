"""What Stripe told us, and what became of it."""

from __future__ import annotations

from flask import render_template, request

from azora_admin.core import db
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.reports.inbox_events import SHOWN, list_events
from azora_admin.web.callers import needs
from azora_admin.web.lists import address
from azora_admin.web.statuses import EVENT


@blueprint.get("/events")
@needs(Action.READ_EVENTS)
def events() -> str:
    """The newest events of the asked state, or of any."""
    asked = request.args.get("state")
    state = asked if asked in EVENT else None
    with db.snapshot() as session:
        found = list_events(session, state=state)
    tabs: list[tuple[str, str, bool, int | None]] = [("All", address("admin.events"), state is None, None)]
    tabs += [
        (look.word, address("admin.events", state=one), state == one, found.open_counts.get(one))
        for one, look in EVENT.items()
    ]
    return render_template("admin/events.html", found=found, tabs=tabs, state=state, shown=SHOWN)
