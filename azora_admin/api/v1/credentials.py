"""Another address, another password: each asks for the current password once more, which no key has."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, bodies
from azora_admin.api.description import PEOPLE, Answer, describe
from azora_admin.flows import confirming, resetting
from azora_admin.identity.rules import Action
from azora_admin.web import devices
from azora_admin.web.callers import actor, caller, needs


def blueprint() -> Blueprint:
    """POST /me/email, /me/email/confirmation and /me/password."""
    credentials = Blueprint("credentials", __name__)
    bearer.require_token(credentials)

    @credentials.post("/me/email")
    @needs(Action.SECURE_OWN)
    @describe("change_email", PEOPLE, Answer(204, None))
    def email(body: bodies.NewEmail) -> Response:
        """Change your address.

        A link is mailed to the new one. Until the link is used the account keeps its address; then the old one is told.
        """
        me = caller()
        attempt = devices.attempt(me.email)
        confirming.ask_for_email(actor(), me, attempt, email=body.email, password=body.current_password)
        return answers.nothing()

    @credentials.post("/me/email/confirmation")
    @needs(Action.SECURE_OWN)
    @describe("mail_confirmation", PEOPLE, Answer(204, None))
    def confirmation() -> Response:
        """Ask for the link again.

        The one by which the address of the account is confirmed.
        """
        confirming.ask(caller())
        return answers.nothing()

    @credentials.post("/me/password")
    @needs(Action.SECURE_OWN)
    @describe("change_password", PEOPLE, Answer(204, None))
    def password(body: bodies.NewPassword) -> Response:
        """Change your password.

        The account is signed out everywhere, and its person told by mail: get a new token.
        """
        me = caller()
        attempt = devices.attempt(me.email)
        resetting.change_password(actor(), me, attempt, current=body.current_password, new=body.new_password)
        return answers.nothing()

    return credentials
