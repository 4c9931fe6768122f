"""Making an API key of one's own."""

from __future__ import annotations

from flask import Response, make_response, render_template, url_for

from azora_admin.core import db
from azora_admin.core.errors import Conflict, Invalid
from azora_admin.identity.rules import Action
from azora_admin.pages.key_form import create_from_form, key_form, problems_with
from azora_admin.pages.security import blueprint
from azora_admin.web import hx, shown_once
from azora_admin.web.callers import caller, needs
from azora_admin.web.forms import FormError


@blueprint.get("/keys/new")
@needs(Action.MAKE_KEYS)
def new_key() -> Response:
    """What the key is called, what it may do, and how long."""
    return _show()


@blueprint.post("/keys/new")
@needs(Action.MAKE_KEYS)
def make_key() -> Response:
    """Make the key and lead to where it is shown, once."""
    try:
        with db.transaction() as session:
            key, text = create_from_form(session, caller().person_id)
    except (Invalid, Conflict) as refusal:
        return _show(problems_with(refusal))
    shown_once.keep("api_key", [key.name, text])
    return hx.redirect(url_for("security.home"))


def _show(problems: tuple[FormError, ...] = ()) -> Response:
    page = render_template("security/new_key.html", form=key_form(caller().roles), problems=problems)
    return make_response(page, 422 if problems else 200)
