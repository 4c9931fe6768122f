"""What goes out: the list, one operation with each of its calls, and what staff decide about it."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, flash, make_response, render_template, request, url_for

from azora_admin.core import db
from azora_admin.core.errors import Conflict, Invalid, NotFound
from azora_admin.core.ids import new_id, parse_id
from azora_admin.flows import steering
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.reports.outgoing import KINDS, list_outgoing, operation_page
from azora_admin.web import hx, lists
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import FormError, problems_of
from azora_admin.web.once import kept, once
from azora_admin.web.statuses import OUTGOING, OUTGOING_KINDS

SCOPE: Final = "admin.outgoing"
_SAID: Final = {
    "retry": "It is tried now.",
    "park": "It is parked: nobody tries it until it is taken up again.",
}


@blueprint.get("/operations")
@needs(Action.READ_EVENTS)
def outgoing() -> Response:
    """One page of the list; htmx gets the results and what changes with them."""
    kind, state = request.args.get("kind", ""), request.args.get("state", "")
    asked = {"kind": kind if kind in KINDS else "", "state": state if state in OUTGOING else ""}
    with db.snapshot() as session:
        found = list_outgoing(session, **asked, limit=lists.PAGE, cursor=lists.asked_cursor(SCOPE))

    def link(**changed: str) -> str:
        return lists.address("admin.outgoing", **{**asked, **changed})

    looks = {name: look.word for name, look in OUTGOING.items()}
    return hx.respond(
        "admin/outgoing.html",
        part="outgoing/_results.html",
        target="results",
        beside=("outgoing/_tabs.html",),
        push_url=lists.address(
            "admin.outgoing", **asked, after=request.args.get("after"), before=request.args.get("before")
        ),
        found=found,
        is_narrowed=any(asked.values()),
        tabs=[("All", link(state=""), not asked["state"])]
        + [(word, link(state=name), asked["state"] == name) for name, word in looks.items()],
        kinds=[("Every kind", link(kind=""), not asked["kind"])]
        + [(OUTGOING_KINDS[name], link(kind=name), asked["kind"] == name) for name in KINDS],
        pager=lists.pager(found.page, SCOPE, "admin.outgoing", **asked),
    )


@blueprint.get("/operations/<kind>/<operation_id>")
@needs(Action.READ_EVENTS)
def outgoing_detail(kind: str, operation_id: str) -> Response:
    """One operation, whole."""
    return _show(kind, operation_id)


@blueprint.post("/operations/<kind>/<operation_id>/<act>")
@needs(Action.REPLAY_EVENTS)
@once
def outgoing_steer(kind: str, operation_id: str, act: str) -> Response:
    """Try it now, or park it, for a reason."""
    if kind not in KINDS or act not in _SAID:
        raise NotFound
    reason = request.form.get("reason", "")
    done = hx.redirect(url_for("admin.outgoing_detail", kind=kind, operation_id=operation_id))
    try:
        with db.transaction() as session:
            identity = parse_id(operation_id)
            steering.steer(session, actor(), kind=kind, identity=identity, act=act, reason=reason)
            kept(session, done)
    except (Invalid, Conflict) as refused:
        return _show(kind, operation_id, problems_of(refused))
    flash(_SAID[act])
    return done


def _show(kind: str, operation_id: str, problems: tuple[FormError, ...] = ()) -> Response:
    with db.snapshot() as session:
        page = operation_page(session, kind, parse_id(operation_id))
    context: dict[str, Any] = {
        "page": page,
        "may_steer": caller().may(Action.REPLAY_EVENTS),
        "problems": problems,
        "reason": request.form.get("reason", ""),
        "once_key": str(new_id()),
    }
    return make_response(render_template("admin/operation.html", **context), 422 if problems else 200)
