"""The way back from a look through another person's eyes."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from azora_admin.core import db
from azora_admin.identity.actions.seeing import stop_seeing
from azora_admin.web import callers, guards, hx, sessions

blueprint = Blueprint("seeing", __name__, url_prefix="/seeing")
guards.open_to_all(blueprint)


@blueprint.post("/stop")
def stop() -> Response:
    """Show this browser's pages as its holder's own again, and lead back to the person."""
    seen = sessions.find_person()
    if seen is None or seen.seen_by is None or seen.session_id is None:
        return hx.redirect(url_for("sign_in.front_door"))
    callers.admit(seen)
    with db.transaction() as session:
        stop_seeing(session, callers.actor(), session_id=seen.session_id)
    return hx.redirect(url_for("admin.people_detail", person_id=seen.person_id))
