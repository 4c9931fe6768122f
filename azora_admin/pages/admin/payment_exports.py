"""Payments as files: asked for from the list, followed while a worker writes them, downloaded."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, closing
from threading import BoundedSemaphore
from typing import Final
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import Conflict, Forbidden
from azora_admin.core.ids import parse_id
from azora_admin.flows import exporting
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Action, Subject
from azora_admin.pages.admin import blueprint
from azora_admin.pages.admin.payments import asked_filter
from azora_admin.reports.export_control import control_file, control_name, proof_lines
from azora_admin.reports.payment_export import (
    ExportView,
    as_filters,
    get_export,
    list_exports,
    read_body,
)
from azora_admin.web import downloads, hx, lists
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.once import kept, once
from azora_admin.web.statuses import PAYMENT

SCOPE: Final = "admin.payment_exports"
# Each holds a thread and a connection for as long as its reader takes.
_downloads: Final = BoundedSemaphore(2)


@blueprint.get("/payments/exports")
@needs(Action.EXPORT_PAYMENTS)
def payment_exports() -> Response:
    """One's own exports; finance and administrators see everybody's."""
    mine = None if caller().may(Action.READ_EXPORTS) else caller().person_id
    with db.snapshot() as session:
        found = list_exports(session, requested_by=mine, limit=lists.PAGE, cursor=lists.asked_cursor(SCOPE))
    return hx.respond(
        "admin/payment_exports.html",
        part="exports/_results.html",
        target="results",
        found=found,
        pager=lists.pager(found, SCOPE, "admin.payment_exports"),
    )


@blueprint.post("/payments/export")
@needs(Action.EXPORT_PAYMENTS)
@once
def payments_export() -> Response:
    """Have what the list's filters find written as a file."""
    with db.transaction() as session:
        export_id = exporting.request_export(
            session, caller(), actor(), as_filters(asked_filter(request.form))
        )
        done = hx.redirect(_address(export_id))
        kept(session, done)
    return done


@blueprint.get("/payments/exports/<export_id>")
@needs(Action.EXPORT_PAYMENTS)
def payment_exports_detail(export_id: str) -> Response:
    """How far the file is; while it is written, htmx asks again."""
    with db.snapshot() as session:
        export = _get(session, parse_id(export_id))
    return hx.respond(
        "admin/payment_export.html",
        part="exports/_progress.html",
        target="progress",
        export=export,
        proofs=proof_lines(export),
        status_words=", ".join(PAYMENT[one].word for one in export.filters["statuses"]),
    )


@blueprint.post("/payments/exports/<export_id>/file")
@needs(Action.EXPORT_PAYMENTS)
def payment_exports_download(export_id: str) -> Response:
    """The file, sent as it is read. Raises Conflict where there is none, or while two others are being sent."""
    identity = parse_id(export_id)
    with db.transaction() as session:
        export = _get(session, identity)
        if export.state != "ready":
            raise Conflict(
                "export_not_ready", "There is no file: it is being written, or it was kept long enough."
            )
        audit.record(
            session,
            actor(),
            act="payments.exported",
            subject=Subject("payment_export", str(identity), export.name),
            after={"lines": export.lines, "size": export.size},
        )
    with ExitStack() as held:
        if not _downloads.acquire(blocking=False):
            raise Conflict(
                "export_running", "Two files are being sent: try again when one of them is through."
            )
        held.callback(_downloads.release)
        body = held.enter_context(closing(_body(identity)))
        response = downloads.attachment(body, name=export.name, kind="text/csv; charset=utf-8")
        response.call_on_close(held.pop_all().close)
        return response


@blueprint.get("/payments/exports/<export_id>/control")
@needs(Action.EXPORT_PAYMENTS)
def payment_exports_control(export_id: str) -> Response:
    """The control file beside the CSV: sums, and nothing of anybody. Raises Conflict where there is none."""
    with db.snapshot() as session:
        export = _get(session, parse_id(export_id))
    if export.file is None:
        raise Conflict("export_not_ready", "There are no control totals yet: the file is being written.")
    body = control_file(export, export.file)
    return downloads.attachment(body, name=control_name(export), kind="application/json")


def _body(export_id: UUID) -> Generator[bytes]:
    with db.exact_snapshot() as session:
        yield from read_body(session, export_id)


def _get(session: Session, export_id: UUID) -> ExportView:
    """The export, if it is the caller's to see. Raises NotFound, Forbidden."""
    export = get_export(session, export_id)
    if export.requested_by_id != caller().person_id and not caller().may(Action.READ_EXPORTS):
        raise Forbidden("Somebody else asked for this export.")
    return export


def _address(export_id: UUID) -> str:
    return lists.address("admin.payment_exports_detail", export_id=str(export_id))
