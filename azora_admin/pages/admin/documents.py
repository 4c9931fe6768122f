"""Receipts and credit notes of anybody's payment: a page, its PDF, and mailing it again."""

from __future__ import annotations

from flask import Response, flash, url_for

from azora_admin.core import db
from azora_admin.core.ids import DocumentId, parse_id
from azora_admin.core.money import money_text
from azora_admin.flows import paperwork
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.payments.queries import DocumentView, get_document
from azora_admin.reports.document_sheet import sheet
from azora_admin.reports.payment_documents import document_rows
from azora_admin.reports.payment_story import payment_line
from azora_admin.web import documents, hx, limits
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.once import kept, once


@blueprint.get("/documents/<document_id>")
@needs(Action.READ_PAYMENTS)
def document(document_id: str) -> Response:
    """One document, and the others of its payment."""
    identity = DocumentId(parse_id(document_id))
    with db.snapshot() as session:
        found = get_document(session, identity)
        others = document_rows(session, [found.payment_id])
        payment = payment_line(session, found.payment_id)
    send_url = url_for("admin.document_send", document_id=identity)
    return documents.page(
        sheet(found),
        others,
        face="admin",
        crumbs=[
            ("Payments", url_for("admin.payments")),
            (money_text(payment.amount), url_for("admin.payments_detail", payment_id=payment.id)),
        ],
        send_url=send_url if caller().may(Action.SEND_DOCUMENTS) else None,
    )


@blueprint.get("/documents/<document_id>/pdf")
@needs(Action.READ_PAYMENTS)
def document_pdf(document_id: str) -> Response:
    """The document as a file."""
    paper = documents.asked_paper()
    return documents.pdf_answer(sheet(_any(document_id)), paper)


@blueprint.post("/documents/<document_id>/send")
@needs(Action.SEND_DOCUMENTS)
@once
@limits.limit_papers
def document_send(document_id: str) -> Response:
    """Mail it to its payer once more."""
    found = _any(document_id)
    done = hx.redirect(url_for("admin.document", document_id=found.id))
    to = paperwork.send_again(found, actor(), finish=lambda session, _: kept(session, done))
    flash(f"{found.number} is on its way to {to}.")
    return done


def _any(document_id: str) -> DocumentView:
    with db.reading() as session:
        return get_document(session, DocumentId(parse_id(document_id)))
