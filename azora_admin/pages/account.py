"""What everybody sees of themselves: who they are, what they can open, and what became of their payments."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from azora_admin.core import db
from azora_admin.identity.rules import Action
from azora_admin.reports.account import account_page
from azora_admin.web import guards, hx, lists, sessions
from azora_admin.web.callers import needs

SCOPE: Final = "account.payments"

blueprint = Blueprint("account", __name__, url_prefix="/account")
guards.guard(blueprint, roles=guards.EVERYBODY)


@blueprint.get("/")
@needs(Action.READ_OWN)
def home() -> Response:
    """The page; htmx asks for the pages of payments alone."""
    with db.snapshot() as session:
        view = account_page(
            session,
            person_id=sessions.signed_in().person_id,
            limit=lists.PAGE,
            cursor=lists.asked_cursor(SCOPE),
        )
    return hx.respond(
        "account/home.html",
        part="account/_payments.html",
        target="my-payments",
        push_url=lists.address(
            "account.home", after=request.args.get("after"), before=request.args.get("before")
        ),
        view=view,
        pager=lists.pager(view.payments, SCOPE, "account.home"),
    )
