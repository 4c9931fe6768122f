"""A payer's own receipts and credit notes: a page, and the PDF of it."""

from __future__ import annotations

from flask import Response, flash, url_for

from azora_admin.core import db
from azora_admin.core.ids import DocumentId, parse_id
from azora_admin.flows import paperwork
from azora_admin.identity.rules import Action
from azora_admin.pages.account import blueprint
from azora_admin.payments.queries import DocumentView, get_document
from azora_admin.reports.document_sheet import sheet
from azora_admin.reports.payment_documents import document_rows
from azora_admin.web import documents, hx, limits
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.once import kept, once


@blueprint.get("/documents/<document_id>")
@needs(Action.READ_OWN)
def document(document_id: str) -> Response:
    """One document of one's own, and the others of its payment."""
    identity = DocumentId(parse_id(document_id))
    with db.snapshot() as session:
        found = get_document(session, identity, payer_id=caller().person_id)
        others = document_rows(session, [found.payment_id])
    return documents.page(
        sheet(found),
        others,
        face="account",
        crumbs=[("Your account", url_for("account.home"))],
        send_url=url_for("account.document_send", document_id=identity),
    )


@blueprint.get("/documents/<document_id>/pdf")
@needs(Action.READ_OWN)
def document_pdf(document_id: str) -> Response:
    """The document as a file."""
    paper = documents.asked_paper()
    return documents.pdf_answer(sheet(_own(document_id)), paper)


@blueprint.post("/documents/<document_id>/send")
@needs(Action.SEND_DOCUMENTS)
@once
@limits.limit_papers
def document_send(document_id: str) -> Response:
    """Mail it to one's own address once more."""
    found = _own(document_id)
    done = hx.redirect(url_for("account.document", document_id=found.id))
    to = paperwork.send_again(found, actor(), finish=lambda session, _: kept(session, done))
    flash(f"{found.number} is on its way to {to}.")
    return done


def _own(document_id: str) -> DocumentView:
    with db.reading() as session:
        return get_document(session, DocumentId(parse_id(document_id)), payer_id=caller().person_id)
