"""The instructor's first page."""

from __future__ import annotations

from flask import render_template, request

from azora_admin.core import clock, db
from azora_admin.identity.rules import Action
from azora_admin.pages.instructor import blueprint
from azora_admin.reports.studio import studio
from azora_admin.web import sessions
from azora_admin.web.callers import needs


@blueprint.get("/")
@needs(Action.READ_EARNINGS)
def home() -> str:
    """How things stand, what was sold last, how each course does."""
    with db.snapshot() as session:
        view = studio(
            session,
            instructor_id=sessions.signed_in().person_id,
            now=clock.now(),
            currency=request.args.get("currency"),
        )
    return render_template("instructor/home.html", view=view)
