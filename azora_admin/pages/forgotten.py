"""A forgotten password: asking for a link, and choosing a new password by it.

The answer to whoever asks is the same for every address. A link is only looked at when it is opened, and used when the
form is sent: programs that read mail open links, too.
"""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, render_template, url_for

from azora_admin.core.errors import Invalid
from azora_admin.flows import resetting
from azora_admin.identity.rules.links import LinkOver
from azora_admin.identity.rules.passwords import PASSWORD_SHORTEST
from azora_admin.web import callers, devices, guards, hx, limits, sessions
from azora_admin.web.forms import ForgottenForm, FormError, ResetForm, problems_of

blueprint = Blueprint("forgotten", __name__)
guards.open_to_all(blueprint)


@blueprint.get("/forgot")
def form() -> Response:
    """The form that asks for the address."""
    return _show_form("", ())


@blueprint.post("/forgot")
@limits.limit_mails
def ask() -> Response:
    """Have the link mailed, and say the same whether or not there is anybody to mail it to."""
    entered = ForgottenForm()
    email = entered.email.data or ""
    if not entered.validate():
        return _show_form(email, entered.problems())
    try:
        address = resetting.ask(callers.actor(), email=email)
    except Invalid as refusal:
        return _show_form(email, problems_of(refusal))
    return make_response(render_template("forgotten/sent.html", email=address))


@blueprint.get("/reset/<token>")
def look(token: str) -> Response:
    """The form that asks for the new password, while the link is good."""
    try:
        return _show_reset(token, resetting.find_asker(token).email, ())
    except LinkOver:
        return _over()


@blueprint.post("/reset/<token>")
@limits.limit_failures
def choose(token: str) -> Response:
    """Use the link; whoever held it signs in with the new password next, from a browser that is known by now."""
    entered = ResetForm()
    try:
        email = resetting.find_asker(token).email
        if not entered.validate():
            return _show_reset(token, email, entered.problems())
        person = resetting.choose_password(callers.actor(), token=token, password=entered.password.data)
    except LinkOver:
        return _over()
    except Invalid as refusal:
        return _show_reset(token, email, problems_of(refusal))
    sessions.end_session()
    devices.remember(person.email)
    flash("Your password is changed. Sign in with the new one.")
    return hx.redirect(url_for("sign_in.form"))


def _show_form(email: str, problems: tuple[FormError, ...]) -> Response:
    page = render_template("forgotten/form.html", email=email, problems=problems)
    return make_response(page, 422 if problems else 200)


def _show_reset(token: str, email: str, problems: tuple[FormError, ...]) -> Response:
    page = render_template(
        "forgotten/reset.html", token=token, email=email, problems=problems, shortest=PASSWORD_SHORTEST
    )
    return make_response(page, 422 if problems else 200)


def _over() -> Response:
    page = render_template(
        "forgotten/over.html", again=url_for("forgotten.form"), again_words="Ask for a new link"
    )
    return make_response(page, LinkOver().status)
