"""Another address, another password: pages of the account."""

from __future__ import annotations

from flask import Response, flash, make_response, render_template, url_for

from azora_admin.core.errors import Invalid
from azora_admin.flows import confirming, resetting
from azora_admin.identity.rules import Action
from azora_admin.identity.rules.passwords import PASSWORD_SHORTEST
from azora_admin.pages.account import blueprint
from azora_admin.web import callers, devices, hx
from azora_admin.web.callers import caller, needs
from azora_admin.web.forms import EmailForm, FormError, PasswordForm, problems_of


@blueprint.post("/confirmation")
@needs(Action.SECURE_OWN)
def confirmation() -> Response:
    """Mail the link that confirms the address once more."""
    confirming.ask(caller())
    flash(f"The link is on its way to {caller().email}.")
    return hx.redirect(url_for("account.home"))


@blueprint.get("/email")
@needs(Action.SECURE_OWN)
def email() -> Response:
    """The form for another address."""
    return _show_email("", ())


@blueprint.post("/email")
@needs(Action.SECURE_OWN)
def change_email() -> Response:
    """Mail the link by which the account gets the address."""
    entered = EmailForm()
    wanted = entered.email.data or ""
    if not entered.validate():
        return _show_email(wanted, entered.problems())
    me = caller()
    try:
        address = confirming.ask_for_email(
            callers.actor(),
            me,
            devices.attempt(me.email),
            email=wanted,
            password=entered.current_password.data,
        )
    except Invalid as refusal:
        return _show_email(wanted, problems_of(refusal))
    flash(f"A link is on its way to {address}. Your account keeps its address until you follow it.")
    return hx.redirect(url_for("account.home"))


@blueprint.get("/password")
@needs(Action.SECURE_OWN)
def password() -> Response:
    """The form for another password."""
    return _show_password(())


@blueprint.post("/password")
@needs(Action.SECURE_OWN)
def change_password() -> Response:
    """Change the password; every other session ends."""
    entered = PasswordForm()
    if not entered.validate():
        return _show_password(entered.problems())
    me = caller()
    try:
        resetting.change_password(
            callers.actor(),
            me,
            devices.attempt(me.email),
            current=entered.current_password.data,
            new=entered.new_password.data,
        )
    except Invalid as refusal:
        return _show_password(problems_of(refusal))
    flash("Your password is changed. Every other browser and app is signed out.")
    return hx.redirect(url_for("account.home"))


def _show_email(wanted: str, problems: tuple[FormError, ...]) -> Response:
    page = render_template("account/email.html", email=wanted, problems=problems)
    return make_response(page, 422 if problems else 200)


def _show_password(problems: tuple[FormError, ...]) -> Response:
    page = render_template("account/password.html", problems=problems, shortest=PASSWORD_SHORTEST)
    return make_response(page, 422 if problems else 200)
