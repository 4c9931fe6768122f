"""What goes out: the list, one operation with each of its calls, and what staff decide about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Response, flash, make_response, render_template, request, url_for

from azora_admin.core import db
from azora_admin.core.errors import Conflict, Invalid, NotFound
from azora_admin.core.ids import new_id, parse_id
from azora_admin.flows import steering
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.reports.outgoing import COUNTED, OutgoingFilter, OutgoingList, list_outgoing, operation_page
from azora_admin.reports.outgoing_rows import KINDS
from azora_admin.web import filters, hx, lists
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.days import Days, asked_days
from azora_admin.web.forms import FormError, problems_of
from azora_admin.web.once import kept, once
from azora_admin.web.outgoing_words import OUTGOING, OUTGOING_KINDS
from azora_admin.web.pasted import LONGEST, asked_id, problems_in

SCOPE: Final = "admin.outgoing"
_SAID: Final = {
    "retry": "It is tried now.",
    "park": "It is parked: nobody tries it until it is taken up again.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as the address has them."""

    text: str
    kind: str
    state: str
    days: Days

    def parameters(self) -> dict[str, Any]:
        """The address's parameters that say this."""
        return {"q": self.text, "kind": self.kind, "state": self.state, **self.days.parameters()}

    def link(self, **changed: Any) -> str:
        """The address of the first page with some parameters changed."""
        return lists.address("admin.outgoing", **{**self.parameters(), **changed})

    @property
    def is_narrowed(self) -> bool:
        return any(self.parameters().values())

    def wanted(self) -> OutgoingFilter:
        return OutgoingFilter(self.text, self.kind, self.state, self.days.first_on, self.days.last_on)


@blueprint.get("/operations")
@needs(Action.READ_EVENTS)
def outgoing() -> Response:
    """One page of the list; htmx gets the results and what changes with them."""
    arguments = request.args
    kind, state = arguments.get("kind", ""), arguments.get("state", "")
    asked = Asked(
        asked_id(arguments),
        kind if kind in KINDS else "",
        state if state in OUTGOING else "",
        asked_days(arguments),
    )
    problems = problems_in(arguments)
    with db.snapshot() as session:
        found = list_outgoing(session, asked.wanted(), limit=lists.PAGE, cursor=lists.asked_cursor(SCOPE))
    parameters = asked.parameters()
    return hx.respond(
        "admin/outgoing.html",
        part="outgoing/_results.html",
        target="results",
        beside=("outgoing/_tabs.html", "outgoing/_chips.html"),
        push_url=lists.address(
            "admin.outgoing", **parameters, after=arguments.get("after"), before=arguments.get("before")
        ),
        status=422 if problems else 200,
        asked=asked,
        found=found,
        problems=problems,
        typed=arguments.get("q", "")[:LONGEST],
        tabs=_tabs(asked, found),
        failed_jobs=counted_words(found.failed_jobs),
        kinds=[("", "Every kind"), *OUTGOING_KINDS.items()],
        kind_words=OUTGOING_KINDS.get(asked.kind, ""),
        pager=lists.pager(found.page, SCOPE, "admin.outgoing", **parameters),
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


def counted_words(count: int) -> str:
    """A count as its tab shows it; empty for none."""
    if count > COUNTED:
        return f"{filters.number(COUNTED)}+"
    return filters.number(count) if count else ""


def _tabs(asked: Asked, found: OutgoingList) -> list[tuple[str, str, bool, str]]:
    tabs = [("All", asked.link(state=""), not asked.state, "")]
    for state, look in OUTGOING.items():
        count = counted_words(found.open_counts.get(state, 0))
        tabs.append((look.word, asked.link(state=state), asked.state == state, count))
    return tabs


def _show(kind: str, operation_id: str, problems: tuple[FormError, ...] = ()) -> Response:
    with db.snapshot() as session:
        page = operation_page(session, kind, operation_id)
    context: dict[str, Any] = {
        "page": page,
        "may_steer": caller().may(Action.REPLAY_EVENTS) and kind in KINDS,
        "problems": problems,
        "reason": request.form.get("reason", ""),
        "once_key": str(new_id()),
    }
    return make_response(render_template("admin/operation.html", **context), 422 if problems else 200)
