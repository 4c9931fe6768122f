"""Making an API key of one's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from flask import Response, make_response, render_template, request, url_for

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict, Invalid
from azora_admin.identity import actions
from azora_admin.identity.rules import Action
from azora_admin.identity.rules.permissions import SCOPES, may_roles, permission_for
from azora_admin.pages.security import blueprint
from azora_admin.web import hx, shown_once
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import FormError, problems_of

# Days that a key may live, in words; the last one is for whoever means it.
LIVES: Final = (("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Until it is revoked"))
_USUAL: Final = "90"


@blueprint.get("/keys/new")
@needs(Action.MAKE_KEYS)
def new_key() -> Response:
    """What the key is called, what it may do, and how long."""
    return _show(life=_USUAL)


@blueprint.post("/keys/new")
@needs(Action.MAKE_KEYS)
def make_key() -> Response:
    """Make the key and lead to where it is shown, once."""
    life = request.form.get("life", _USUAL)
    days = timedelta(days=int(life)) if life in ("30", "90", "365") else None
    try:
        with db.transaction() as session:
            key, text = actions.create_key(
                session,
                actor(),
                owner_id=caller().person_id,
                name=request.form.get("name", ""),
                scopes=request.form.getlist("scopes"),
                expires_at=clock.now() + days if days else None,
            )
    except Invalid as refusal:
        return _show(life=life, problems=_in_page_words(refusal))
    except Conflict as refusal:
        return _show(life=life, problems=(FormError("name", refusal.detail),))
    shown_once.keep("api_key", [key.name, text])
    return hx.redirect(url_for("security.home"))


def _in_page_words(refusal: Invalid) -> tuple[FormError, ...]:
    """What is wrong; a page has boxes to tick where a command has names to spell."""
    return tuple(
        FormError(one.field, "Tick what the key may do.") if one.field == "scopes" else one
        for one in problems_of(refusal)
    )


def _show(*, life: str, problems: tuple[FormError, ...] = ()) -> Response:
    mine = [scope for scope in SCOPES if may_roles(caller().roles, scope)]
    page = render_template(
        "security/new_key.html",
        choices=[(scope.value, permission_for(scope).words) for scope in mine],
        ticked=request.form.getlist("scopes"),
        name=request.form.get("name", ""),
        lives=LIVES,
        life=life,
        problems=problems,
    )
    return make_response(page, 422 if problems else 200)
