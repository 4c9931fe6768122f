"""My security: second factors, browsers, apps and API keys, on one page."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, render_template, url_for

from azora_admin.core import db
from azora_admin.core.ids import ApiKeyId, parse_id
from azora_admin.identity import actions
from azora_admin.identity.actions.signing_out import sign_out_of, sign_out_other_browsers
from azora_admin.identity.queries.security import SecurityView, security_view
from azora_admin.identity.rules import Action
from azora_admin.identity.rules.factors import must_have_factor
from azora_admin.web import factors, guards, hx, shown_once
from azora_admin.web.callers import actor, caller, needs

blueprint = Blueprint("security", __name__, url_prefix="/account/security")
guards.guard(blueprint, roles=guards.EVERYBODY)


@blueprint.get("/")
@needs(Action.READ_OWN)
def home() -> Response:
    """Everything that lets somebody in as this person; an API key that was just made is shown, once."""
    with db.snapshot() as session:
        view = security_view(session, caller())
    page = render_template(
        "security/home.html",
        view=view,
        may_remove=_may_remove(view),
        has_passkeys=factors.has_passkeys(),
        new_key=shown_once.take("api_key"),
    )
    return make_response(page)


@blueprint.post("/sessions/<session_id>/end")
@needs(Action.SECURE_OWN)
def end_session(session_id: str) -> Response:
    """End one session; one's own is signed out that way, too."""
    with db.transaction() as session:
        sign_out_of(session, actor(), person_id=caller().person_id, place_id=parse_id(session_id))
    return _changed("security/_sessions.html", "That browser is signed out.")


@blueprint.post("/sessions/end-others")
@needs(Action.SECURE_OWN)
def end_other_sessions() -> Response:
    """End every session but this one."""
    with db.transaction() as session:
        sign_out_other_browsers(session, actor(), caller())
    return _changed("security/_sessions.html", "Every other browser is signed out.")


@blueprint.post("/apps/<family_id>/end")
@needs(Action.SECURE_OWN)
def end_app(family_id: str) -> Response:
    """Sign an app out."""
    with db.transaction() as session:
        sign_out_of(session, actor(), person_id=caller().person_id, place_id=parse_id(family_id))
    return _changed("security/_apps.html", "That app is signed out.")


@blueprint.post("/keys/<key_id>/revoke")
@needs(Action.SECURE_OWN)
def revoke_key(key_id: str) -> Response:
    """End an API key, from the next call on."""
    with db.transaction() as session:
        revoked = actions.revoke_key(
            session, actor(), key_id=ApiKeyId(parse_id(key_id)), owner_id=caller().person_id
        )
    return _changed("security/_keys.html", f"“{revoked.name}” is revoked.")


def _changed(part: str, words: str) -> Response:
    if not hx.partial():
        flash(words)
        return hx.redirect(url_for("security.home"))
    with db.snapshot() as session:
        view = security_view(session, caller())
    return make_response(f"{render_template(part, view=view, new_key=())}{hx.toast(words)}")


def _may_remove(view: SecurityView) -> bool:
    """Whether a factor may go: the last one of somebody who must have one may not."""
    return len(view.factors) > 1 or not must_have_factor(caller().roles, required=factors.is_required())
