"""Documents leave in the form that is asked for: a page or a PDF, on the paper of either world.

A PDF is set after everything was read: nobody's transaction waits for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Response, make_response, render_template, request, url_for

from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import new_id
from azora_admin.gateways.pdf import typesetting
from azora_admin.gateways.pdf.typesetting import Paper
from azora_admin.reports.document_sheet import LAYOUT, Sheet
from azora_admin.reports.payment_documents import DocumentRow
from azora_admin.web import downloads

HTML: Final = "text/html"
PDF: Final = "application/pdf"
PAPERS: Final[dict[str, Paper]] = {"a4": "a4", "letter": "us-letter"}


def asked_paper() -> Paper:
    """The paper that the address names: ``a4`` where it names none. Raises Invalid."""
    paper = PAPERS.get(request.args.get("paper", "a4"))
    if paper is None:
        raise Invalid([FieldError("paper", "unknown_paper", "The paper is a4 or letter.")])
    return paper


def pdf(sheet: Sheet, paper: Paper) -> bytes:
    """The document on ``paper``."""
    return typesetting.render(LAYOUT, sheet.data(), at=sheet.issued_at, paper=paper)


def pdf_answer(sheet: Sheet, paper: Paper) -> Response:
    """The document as a file to be saved."""
    return downloads.attachment(pdf(sheet, paper), name=sheet.file_name, kind=PDF)


def page(
    sheet: Sheet,
    others: Sequence[DocumentRow],
    *,
    face: str,
    crumbs: Sequence[tuple[str, str]],
    send_url: str | None,
) -> Response:
    """The document among the pages of ``face`` (``account``, ``admin``), with the others of its payment beside it."""
    (shown,) = (one for one in others if one.number == sheet.number)
    return make_response(
        render_template(
            "documents/page.html",
            sheet=sheet,
            others=[(one, url_for(f"{face}.document", document_id=one.id)) for one in others],
            crumbs=crumbs,
            send_url=send_url,
            once_key=str(new_id()),
            pdf_url=url_for(f"{face}.document_pdf", document_id=shown.id),
            letter_url=url_for(f"{face}.document_pdf", document_id=shown.id, paper="letter"),
        )
    )


def html_answer(sheet: Sheet) -> Response:
    """The document as a page of its own, with nothing around it."""
    return make_response(render_template("documents/alone.html", sheet=sheet))
