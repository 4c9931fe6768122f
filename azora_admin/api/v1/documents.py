"""Receipts, credit notes and their cancellations: as JSON, as a page, and on paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from flask import Blueprint, Response, request

from azora_admin.api import answers, bearer, conditional, document_shapes, parameters
from azora_admin.api.description import JSON, PAYMENTS, Answer, describe
from azora_admin.api.problems import DOCUMENT_NOT_FOUND, NOT_ACCEPTABLE, PAYMENT_NOT_FOUND
from azora_admin.core import db
from azora_admin.core.errors import NotAcceptable
from azora_admin.core.ids import DocumentId, PaymentId, PersonId
from azora_admin.flows import paperwork
from azora_admin.identity.rules import Action
from azora_admin.payments import queries
from azora_admin.payments.queries import DocumentView
from azora_admin.reports.document_sheet import sheet
from azora_admin.web import documents, limits
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.documents import HTML, PDF
from azora_admin.web.once import kept, once

Form = Callable[[DocumentView, str], Response]
_FORMS: Final[Mapping[str, Form]] = {
    HTML: lambda found, _: documents.html_answer(sheet(found)),
    PDF: lambda found, paper: documents.pdf_answer(sheet(found), documents.PAPERS[paper]),
    JSON: lambda found, _: answers.json(answers.document(found)),
}


def blueprint() -> Blueprint:
    """GET /payments/{id}/receipt and /documents, GET /documents/{id}, POST /payments/{id}/receipt/send."""
    papers = Blueprint("documents", __name__)
    bearer.require_token(papers)

    @papers.get("/payments/<payment_id>/receipt")
    @needs(Action.READ_OWN)
    @describe(
        "get_receipt",
        PAYMENTS,
        Answer(200, None, files=[HTML, PDF]),
        refusals=[DOCUMENT_NOT_FOUND, NOT_ACCEPTABLE],
    )
    def receipt(payment_id: PaymentId, query: parameters.OnPaper) -> Response:
        """Get a payment's receipt.

        A page, or a PDF where `Accept` prefers `application/pdf`. Of a payment of your own; whoever may see everybody's
        payments gets any. A payment has its receipt from the moment at which it is `completed`.
        """
        form = _asked(HTML, PDF)
        with db.reading() as session:
            found = queries.get_receipt(session, payment_id, payer_id=_only_of())
        return _answer(found, form, query.paper)

    @papers.get("/documents/<document_id>")
    @needs(Action.READ_OWN)
    @describe(
        "get_document",
        PAYMENTS,
        Answer(200, document_shapes.Document, files=[HTML, PDF]),
        refusals=[DOCUMENT_NOT_FOUND, NOT_ACCEPTABLE],
    )
    def show(document_id: DocumentId, query: parameters.OnPaper) -> Response:
        """Get a document.

        As JSON, or what `Accept` prefers: a page (`text/html`) or a PDF (`application/pdf`).
        """
        form = _asked(JSON, HTML, PDF)
        with db.reading() as session:
            found = queries.get_document(session, document_id, payer_id=_only_of())
        return _answer(found, form, query.paper)

    _listing(papers)
    _sending(papers)
    return papers


def _listing(papers: Blueprint) -> None:
    @papers.get("/payments/<payment_id>/documents")
    @needs(Action.READ_OWN)
    @describe(
        "list_documents", PAYMENTS, Answer(200, document_shapes.DocumentList), refusals=[PAYMENT_NOT_FOUND]
    )
    def index(payment_id: PaymentId) -> Response:
        """List a payment's documents.

        Its receipt, the credit note of each refund that arrived, and what cancels one whose refund came back.
        """
        with db.reading() as session:
            queries.get_payment(session, payment_id, payer_id=_only_of())
            found = queries.documents_of(session, [payment_id])
        return conditional.answer(
            lambda: {"items": [answers.document(one) for one in found]}, key=repr([one.id for one in found])
        )


def _sending(papers: Blueprint) -> None:
    @papers.post("/payments/<payment_id>/receipt/send")
    @needs(Action.SEND_DOCUMENTS)
    @once
    @limits.limit_papers
    @describe(
        "send_receipt", PAYMENTS, Answer(202, document_shapes.DocumentSent), refusals=[DOCUMENT_NOT_FOUND]
    )
    def send(payment_id: PaymentId) -> Response:
        """Mail a receipt again.

        To the address that the payer's account has now.
        """
        with db.reading() as session:
            found = queries.get_receipt(session, payment_id, payer_id=_only_of())

        def sent(to: str) -> Response:
            return answers.json({"document_id": found.id, "to": to}, 202)

        return sent(paperwork.send_again(found, actor(), finish=lambda session, to: kept(session, sent(to))))


def _only_of() -> PersonId | None:
    """Whose documents the caller may see; None: anybody's."""
    return None if caller().may(Action.READ_PAYMENTS) else caller().person_id


def _asked(*offered: str) -> str:
    """Which of the forms ``Accept`` prefers, the first where it says nothing. Raises NotAcceptable."""
    if not request.accept_mimetypes:
        return offered[0]
    best = request.accept_mimetypes.best_match(offered)
    if best is None:
        raise NotAcceptable(f"This comes as {', '.join(offered)}.")
    return best


def _answer(found: DocumentView, form: str, paper: str) -> Response:
    return conditional.file_answer(
        lambda: _FORMS[form](found, paper),
        key=f"{found.id} {form} {paper if form == PDF else ''}",
        kind=form,
    )
