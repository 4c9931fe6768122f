"""The audit log: the list, found and filtered by its address; one entry; and all that a filter finds as a file."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any, Final
from uuid import UUID

from flask import Response, render_template, request

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict
from azora_admin.core.ids import parse_id
from azora_admin.core.sheets import as_csv
from azora_admin.identity.actions import audit as log
from azora_admin.identity.rules import Action, Subject
from azora_admin.pages.admin import blueprint
from azora_admin.reports.audit_entry import audit_entry
from azora_admin.reports.audit_export import HEADINGS, count_export, export_lines
from azora_admin.reports.audit_log import AuditFilter, AuditRow, list_audit
from azora_admin.web import downloads, hx, lists
from azora_admin.web.callers import actor, needs
from azora_admin.web.days import Days, asked_days
from azora_admin.web.filters import middle_cut
from azora_admin.web.statuses import VIA, act_words

SCOPE: Final = "admin.audit"
LONGEST_TEXT: Final = 200
_ACT: Final = re.compile(r"[a-z_]{1,60}(\.[a-z_]{1,60}){1,3}")
_KIND: Final = re.compile(r"[a-z_]{1,60}")
# Each holds a thread and a connection for as long as its reader takes.
_exports: Final = BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as the address has them."""

    text: str
    act: str
    via: str
    actor_id: UUID | None
    subject_kind: str
    subject_id: str
    days: Days

    def parameters(self) -> dict[str, Any]:
        """The address's parameters that say this."""
        return {
            "q": self.text,
            "act": self.act,
            "via": self.via,
            "actor": str(self.actor_id) if self.actor_id else None,
            "kind": self.subject_kind,
            "subject": self.subject_id,
            **self.days.parameters(),
        }

    def link(self, **changed: Any) -> str:
        """The address of the first page with some parameters changed."""
        return lists.address("admin.audit", **{**self.parameters(), **changed})

    @property
    def is_narrowed(self) -> bool:
        return any(self.parameters().values())

    @property
    def fixed(self) -> Mapping[str, str]:
        """What no field of the form shows: the form carries it on."""
        kept = ("actor", "kind", "subject")
        return {name: value for name, value in self.parameters().items() if name in kept and value}

    def wanted(self) -> AuditFilter:
        return AuditFilter(
            text=self.text,
            act=self.act,
            via=self.via,
            actor_id=self.actor_id,
            subject_kind=self.subject_kind,
            subject_id=self.subject_id,
            first_on=self.days.first_on,
            last_on=self.days.last_on,
        )


@blueprint.get("/audit")
@needs(Action.READ_AUDIT)
def audit() -> Response:
    """One page of the list; htmx gets the results and what changes with them."""
    asked = _asked(request.args)
    with db.snapshot() as session:
        found = list_audit(session, asked.wanted(), limit=lists.PAGE, cursor=lists.asked_cursor(SCOPE))
    parameters = asked.parameters()
    return hx.respond(
        "admin/audit.html",
        part="audit/_results.html",
        target="results",
        beside=("audit/_chips.html", "audit/_export.html"),
        push_url=lists.address(
            "admin.audit", **parameters, after=request.args.get("after"), before=request.args.get("before")
        ),
        asked=asked,
        found=found,
        pager=lists.pager(found.page, SCOPE, "admin.audit", **parameters),
        actor_named=_actor_named(asked, found.page.items),
        subject_named=_subject_named(asked, found.page.items),
        acts=[("", "Anything"), *((act, act_words(act)) for act in found.acts)],
        ways=[("", "Any way"), *((via, look.word) for via, look in VIA.items())],
    )


@blueprint.get("/audit/<entry_id>")
@needs(Action.READ_AUDIT)
def audit_detail(entry_id: str) -> str:
    """One entry, and what it changed."""
    with db.snapshot() as session:
        entry = audit_entry(session, parse_id(entry_id))
    return render_template("admin/audit_entry.html", entry=entry)


@blueprint.post("/audit/export")
@needs(Action.READ_AUDIT)
def audit_export() -> Response:
    """All that the filters find, as a file, sent as it is read.

    Raises Invalid for too many entries, Conflict while two others are being sent.
    """
    asked = _asked(request.form)
    with db.snapshot() as session:
        count = count_export(session, asked.wanted())
    name = f"audit-{clock.now():%Y-%m-%d-%H%M%S}.csv"
    with ExitStack() as held:
        if not _exports.acquire(blocking=False):
            raise Conflict(
                "export_running", "Two exports are being sent: try again when one of them is through."
            )
        held.callback(_exports.release)
        lines = held.enter_context(closing(_lines(asked.wanted())))
        _record_export(name, count, asked)
        response = downloads.attachment(as_csv(lines), name=name, kind="text/csv; charset=utf-8")
        response.call_on_close(held.pop_all().close)
        return response


def _actor_named(asked: Asked, rows: Sequence[AuditRow]) -> str:
    """What the filter on an actor is called: by the name that the entries have, or the id where there is none."""
    return rows[0].actor_name if rows else middle_cut(str(asked.actor_id or ""))


def _subject_named(asked: Asked, rows: Sequence[AuditRow]) -> str:
    return (rows[0].subject_label if rows else "") or f"{asked.subject_kind} {middle_cut(asked.subject_id)}"


def _record_export(name: str, count: int, asked: Asked) -> None:
    filters = {key: value for key, value in asked.parameters().items() if value}
    with db.transaction() as session:
        log.record(
            session,
            actor(),
            act="audit.exported",
            subject=Subject("audit", name),
            after={"count": count, "filters": filters},
        )


def _lines(wanted: AuditFilter) -> Generator[Sequence[str | int | None]]:
    """The headings and lines of an export, read while they are sent, all of one moment."""
    yield HEADINGS
    with db.snapshot() as session:
        yield from export_lines(session, wanted)


def _asked(arguments: Mapping[str, str]) -> Asked:
    act, via, kind = (arguments.get(name, "") for name in ("act", "via", "kind"))
    return Asked(
        text=_typed(arguments.get("q", "")),
        act=act if _ACT.fullmatch(act) else "",
        via=via if via in VIA else "",
        actor_id=_id(arguments.get("actor", "")),
        subject_kind=kind if _KIND.fullmatch(kind) else "",
        subject_id=_typed(arguments.get("subject", "")),
        days=asked_days(arguments),
    )


def _typed(text: str) -> str:
    """``text`` without what no key types, on one line, not too long."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:LONGEST_TEXT]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
