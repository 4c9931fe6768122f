"""What Stripe told us: the list, found and filtered by its address; one event; and what people decide about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, current_app, flash, make_response, render_template, request, url_for

from azora_admin.core import db
from azora_admin.core.errors import Conflict, Invalid
from azora_admin.core.ids import new_id
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Action, Subject
from azora_admin.messaging import replays
from azora_admin.messaging.replays import Decided
from azora_admin.pages.admin import blueprint
from azora_admin.reports.event_effects import Rehearsal
from azora_admin.reports.event_page import event_page
from azora_admin.reports.inbox_events import EventFilter, list_events
from azora_admin.web import hx, lists
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.days import Days, asked_days
from azora_admin.web.forms import FormError, problems_of
from azora_admin.web.once import kept, once
from azora_admin.web.statuses import EVENT

REHEARSAL: Final = "azora.rehearsal"
SCOPE: Final = "admin.events"
LONGEST_TEXT: Final = 255
_TYPE: Final = re.compile(r"[a-z0-9_]{1,60}(\.[a-z0-9_]{1,60}){1,5}")


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as the address has them."""

    text: str
    type: str
    state: str
    brought_by: str
    days: Days

    def parameters(self) -> dict[str, Any]:
        """The address's parameters that say this."""
        return {
            "q": self.text,
            "type": self.type,
            "state": self.state,
            "by": self.brought_by,
            **self.days.parameters(),
        }

    def link(self, **changed: Any) -> str:
        """The address of the first page with some parameters changed."""
        return lists.address("admin.events", **{**self.parameters(), **changed})

    @property
    def is_narrowed(self) -> bool:
        return any(self.parameters().values())

    @property
    def fixed(self) -> Mapping[str, str]:
        """What no field of the form shows: the form carries it on."""
        return {name: value for name, value in (("state", self.state), ("by", self.brought_by)) if value}

    def wanted(self) -> EventFilter:
        days = self.days
        return EventFilter(self.text, self.type, self.state, self.brought_by, days.first_on, days.last_on)


@blueprint.get("/events")
@needs(Action.READ_EVENTS)
def events() -> Response:
    """One page of the list; htmx gets the results and what changes with them."""
    asked = _asked()
    cursor = lists.asked_cursor(SCOPE)
    with db.snapshot() as session:
        found = list_events(session, asked.wanted(), limit=lists.PAGE, cursor=cursor)
    parameters = asked.parameters()
    tabs: list[tuple[str, str, bool, int | None]] = [("All", asked.link(state=""), not asked.state, None)]
    tabs += [
        (look.word, asked.link(state=one), asked.state == one, found.open_counts.get(one))
        for one, look in EVENT.items()
    ]
    return hx.respond(
        "admin/events.html",
        part="events/_results.html",
        target="results",
        beside=("events/_tabs.html", "events/_chips.html"),
        push_url=lists.address(
            "admin.events", **parameters, after=request.args.get("after"), before=request.args.get("before")
        ),
        asked=asked,
        found=found,
        parked=[] if asked.is_narrowed or cursor else found.parked,
        tabs=tabs,
        types=[("", "Any type"), *((one, one) for one in found.types)],
        pager=lists.pager(found.page, SCOPE, "admin.events", **parameters),
    )


@blueprint.get("/events/<event_id>")
@needs(Action.READ_EVENTS)
def events_detail(event_id: str) -> Response:
    """One event, whole."""
    return _show(event_id)


@blueprint.post("/events/<event_id>/rehearsal")
@needs(Action.REPLAY_EVENTS)
def events_rehearse(event_id: str) -> str:
    """Show what a replay would change. Nothing is: it is done, and rolled back."""
    with db.snapshot() as session:
        page = event_page(session, event_id)
    rehearse: Callable[[str], Rehearsal] = current_app.extensions[REHEARSAL]
    return render_template(
        "admin/event_rehearsal.html", page=page, rehearsal=rehearse(event_id), once_key=str(new_id())
    )


@blueprint.post("/events/<event_id>/replay")
@needs(Action.REPLAY_EVENTS)
@once
def events_replay(event_id: str) -> Response:
    """Have the event handled again."""
    done = hx.redirect(url_for("admin.events_detail", event_id=event_id))
    with db.transaction() as session:
        before = replays.replay(session, event_id, by_name=caller().name)
        audit.record(
            session,
            actor(),
            act="stripe_event.replayed",
            subject=_subject(before),
            before={"state": before.state, "attempts": before.attempts},
            after={"state": "received", "attempts": 0},
        )
        kept(session, done)
    flash("The event is handled again.")
    return done


@blueprint.post("/events/<event_id>/leave")
@needs(Action.REPLAY_EVENTS)
@once
def events_leave(event_id: str) -> Response:
    """Leave a parked event as it is, for a reason."""
    reason = request.form.get("reason", "")
    done = hx.redirect(url_for("admin.events_detail", event_id=event_id))
    try:
        with db.transaction() as session:
            before = replays.leave(session, event_id, reason=reason, by_name=caller().name)
            audit.record(
                session,
                actor(),
                act="stripe_event.left",
                subject=_subject(before),
                before={"state": before.state},
                after={"state": "left"},
                why=" ".join(reason.split()),
            )
            kept(session, done)
    except (Invalid, Conflict) as refused:
        return _show(event_id, problems_of(refused))
    flash("The event is left as it is.")
    return done


def _show(event_id: str, problems: tuple[FormError, ...] = ()) -> Response:
    with db.snapshot() as session:
        page = event_page(session, event_id)
    shown = render_template(
        "admin/event.html",
        page=page,
        may_replay=caller().may(Action.REPLAY_EVENTS),
        problems=problems,
        reason=request.form.get("reason", ""),
        once_key=str(new_id()),
    )
    return make_response(shown, 422 if problems else 200)


def _subject(event: Decided) -> Subject:
    return Subject("stripe_event", event.event_id, event.type)


def _asked() -> Asked:
    arguments = request.args
    type_, state = arguments.get("type", ""), arguments.get("state", "")
    typed = "".join(sign if sign.isprintable() else " " for sign in arguments.get("q", ""))
    return Asked(
        text="".join(typed.split())[:LONGEST_TEXT],
        type=type_ if _TYPE.fullmatch(type_) else "",
        state=state if state in EVENT else "",
        brought_by="backfill" if arguments.get("by") == "backfill" else "",
        days=asked_days(arguments),
    )
