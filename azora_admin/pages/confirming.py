"""The link by which somebody shows that an address is theirs; it asks once more, because programs open links, too."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, render_template, url_for

from azora_admin.core.errors import Invalid
from azora_admin.flows import confirming
from azora_admin.identity.rules.links import LinkOver
from azora_admin.web import callers, guards, hx, limits
from azora_admin.web.forms import FormError, problems_of

blueprint = Blueprint("confirming", __name__)
guards.open_to_all(blueprint)


@blueprint.get("/confirm/<token>")
def look(token: str) -> Response:
    """Ask whether the address is theirs, while the link is good."""
    try:
        return _show(token, confirming.find_address(token), ())
    except LinkOver:
        return _over()


@blueprint.post("/confirm/<token>")
@limits.limit_failures
def submit(token: str) -> Response:
    """Use the link."""
    try:
        email = confirming.confirm(callers.actor(), token=token)
    except LinkOver:
        return _over()
    except Invalid as refusal:
        return _show(token, confirming.find_address(token), problems_of(refusal))
    flash(f"{email} is confirmed.")
    return hx.redirect(url_for("sign_in.front_door"))


def _show(token: str, email: str, problems: tuple[FormError, ...]) -> Response:
    page = render_template("confirming/form.html", token=token, email=email, problems=problems)
    return make_response(page, 422 if problems else 200)


def _over() -> Response:
    page = render_template(
        "forgotten/over.html", again=url_for("account.home"), again_words="Go to your account"
    )
    return make_response(page, LinkOver().status)
