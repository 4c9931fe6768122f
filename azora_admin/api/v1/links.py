"""What is done by a mailed link, for apps that open the links themselves."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, bodies
from azora_admin.api.description import PEOPLE, Answer, describe
from azora_admin.api.problems import LINK_OVER
from azora_admin.flows import confirming, resetting
from azora_admin.web import limits
from azora_admin.web.callers import actor


def blueprint() -> Blueprint:
    """POST /auth/password/forgot, /auth/password/reset and /auth/email/confirm, open to anyone."""
    links = Blueprint("links", __name__)
    bearer.open_to_all(links)

    @links.post("/auth/password/forgot")
    @limits.limit_mails
    @describe("forgot_password", PEOPLE, Answer(204, None))
    def forgot(body: bodies.OfAddress) -> Response:
        """Ask for a new password.

        A link is mailed by which one is chosen. The answer is the same whether or not the address has an account. The
        link is good for an hour, and for one use.
        """
        resetting.ask(actor(), email=body.email)
        return answers.nothing()

    @links.post("/auth/password/reset")
    @limits.limit_failures
    @describe("reset_password", PEOPLE, Answer(204, None), refusals=[LINK_OVER])
    def reset(body: bodies.Reset) -> Response:
        """Choose a new password.

        By the token of a mailed link. The account is signed out everywhere, and its person told by mail.
        """
        resetting.choose_password(actor(), token=body.token, password=body.password)
        return answers.nothing()

    @links.post("/auth/email/confirm")
    @limits.limit_failures
    @describe("confirm_email", PEOPLE, Answer(204, None), refusals=[LINK_OVER])
    def confirm(body: bodies.Confirmation) -> Response:
        """Confirm an address.

        The token of a mailed link shows that it is one's own.
        """
        confirming.confirm(actor(), token=body.token)
        return answers.nothing()

    return links
