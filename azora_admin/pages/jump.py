"""The palette and the search page behind it, and the keys that pages listen to."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from azora_admin.core import db
from azora_admin.identity.rules import Action
from azora_admin.reports.jump import Hit, find_hits
from azora_admin.web import guards, hx, security
from azora_admin.web.callers import caller, needs
from azora_admin.web.commands import Option, letters_of, pages_named

LONGEST_TEXT: Final = 120
_A_YEAR: Final = 31_536_000

blueprint = Blueprint("jump", __name__)
guards.guard(blueprint, roles=guards.EVERYBODY)


@blueprint.get("/jump")
@needs(Action.READ_OWN)
def jump() -> Response:
    """Pages, people, payments, events and calls that the letters may mean; the palette gets the lines alone."""
    typed = "".join(sign if sign.isprintable() else " " for sign in request.args.get("q", ""))
    text = " ".join(typed.split())[:LONGEST_TEXT]
    with db.reading() as session:
        hits = find_hits(session, caller(), text)
    options = [*pages_named(caller(), text), *map(_option, hits)]
    return hx.respond(
        "jump/page.html", part="jump/_options.html", target="palette-list", text=text, options=options
    )


@blueprint.get("/keys")
@needs(Action.READ_OWN)
def keys() -> str:
    """Every key, and the switch for those of a single letter (WCAG 2.1.4)."""
    return render_template("jump/keys.html", letters=letters_of(caller()))


@blueprint.post("/keys")
@needs(Action.READ_OWN)
def set_keys() -> Response:
    """Keep in a cookie whether single letters are listened to."""
    response = make_response(redirect(url_for("jump.keys"), code=303))
    secure = security.cookies_are_secure()
    if request.form.get("letters") == "off":
        response.set_cookie("keys", "off", max_age=_A_YEAR, samesite="Lax", secure=secure, httponly=True)
    else:
        response.delete_cookie("keys", samesite="Lax", secure=secure, httponly=True)
    return response


def _option(hit: Hit) -> Option:
    if hit.kind == "person":
        return Option("user", hit.title, hit.detail, url_for("admin.people_detail", person_id=hit.id))
    if hit.kind == "event":
        return Option("webhook", hit.title, hit.detail, url_for("admin.events_detail", event_id=hit.id))
    if hit.kind == "call":
        page = url_for("admin.outgoing_detail", kind=hit.operation, operation_id=hit.id, _anchor=hit.part)
        return Option("refresh-cw", hit.title, hit.detail, page)
    return Option("credit-card", hit.title, hit.detail, url_for("admin.payments_detail", payment_id=hit.id))
