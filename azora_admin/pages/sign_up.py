"""A learner opens an account, and is signed in with it."""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, render_template

from azora_admin.core.errors import Invalid
from azora_admin.flows.sign_up import sign_up
from azora_admin.identity.rules.passwords import PASSWORD_SHORTEST
from azora_admin.web import callers, guards, hx, limits, sessions
from azora_admin.web.forms import FormError, SignUpForm, problems_of

blueprint = Blueprint("sign_up", __name__)
guards.open_to_all(blueprint)


@blueprint.get("/sign-up")
def form() -> Response:
    """The form; whoever is signed in already is led on."""
    person = sessions.find_person()
    return hx.redirect(guards.home_of(person)) if person else _show(SignUpForm(), ())


@blueprint.post("/sign-up")
@limits.limit_sign_ups
def submit() -> Response:
    """Open the account and lead on, or show the form again with what is wrong."""
    entered = SignUpForm()
    name, email, password = (field.data or "" for field in (entered.name, entered.email, entered.password))
    try:
        person = sign_up(callers.actor(), email=email, name=name, password=password)
    except Invalid as refusal:
        return _show(entered, problems_of(refusal))
    sessions.open_with_password(person.email, password)
    flash("Your account is open.")
    return hx.redirect(guards.home_of(person))


def _show(entered: SignUpForm, problems: tuple[FormError, ...]) -> Response:
    page = render_template(
        "sign_up/form.html",
        name=entered.name.data or "",
        email=entered.email.data or "",
        problems=problems,
        shortest=PASSWORD_SHORTEST,
    )
    return make_response(page, 422 if problems else 200)
