"""Receipts and credit notes on pages: one's own, the staff's view of them, their PDFs, and mailing them again."""

from __future__ import annotations

import html
import io
import re

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.ids import new_id
from azora_admin.core.money import money_text
from azora_admin.payments.queries import DocumentView, documents_of
from azora_admin.reports.document_sheet import sheet
from tests.pages import market
from tests.pages.conftest import Browser, form_token

LENA, MALLORY, FINN = "lena@market.test", "mallory@market.test", "finn@market.test"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def papers() -> list[DocumentView]:
    """Lena's receipt and the credit note of a part."""
    lena = market.add_person(LENA, "Lena Süß", "learner")
    market.add_person(MALLORY, "Mallory", "learner")
    market.add_person(FINN, "Finn", "finance")
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    payment = market.pay(lena, market.add_course("Rust for Embedded Linux", teacher, 4900))
    market.refund_in_dashboard(payment, 1000)
    with db.reading() as session:
        return documents_of(session, [payment])


def words(page: str) -> str:
    """What a page says, without its markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def pdf_words(body: bytes) -> str:
    pages = PdfReader(io.BytesIO(body)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u200b", "").split())


def mails() -> list[tuple[str, str]]:
    with db.reading() as session:
        rows = session.execute(text("SELECT kind, to_address FROM mail ORDER BY created_at, id"))
        return [(row.kind, row.to_address) for row in rows]


def test_a_payer_finds_their_papers_on_their_account_and_opens_them(
    browser: Browser, papers: list[DocumentView]
) -> None:
    client = browser(LENA)
    home = client.get("/account/").text
    for paper in papers:
        assert f"/account/documents/{paper.id}" in home
        page = words(client.get(f"/account/documents/{paper.id}").text)
        assert paper.number in page
        assert money_text(paper.total) in page
    receipt, note = papers
    assert f"Refund to {receipt.number}" in words(client.get(f"/account/documents/{note.id}").text)


@pytest.mark.parametrize("what", ["", "/pdf"])
def test_nobody_elses_papers_are_there(browser: Browser, papers: list[DocumentView], what: str) -> None:
    client = browser(MALLORY)
    assert client.get(f"/account/documents/{papers[0].id}{what}").status_code == 404
    assert client.get(f"/admin/documents/{papers[0].id}{what}").status_code == 403


@pytest.mark.parametrize("face", ["account", "admin"])
@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_a_pdf_says_what_its_page_says(
    browser: Browser, papers: list[DocumentView], face: str, paper: str
) -> None:
    client = browser(LENA if face == "account" else FINN)
    for one in papers:
        page = words(client.get(f"/{face}/documents/{one.id}").text)
        answer = client.get(f"/{face}/documents/{one.id}/pdf?paper={paper}")
        assert answer.mimetype == "application/pdf"
        assert f'filename="{one.number}.pdf"' in answer.headers["Content-Disposition"]
        printed = pdf_words(answer.data)
        told = sheet(one)
        for said in (
            told.number,
            *(value for pair in (*told.facts, *told.totals) for value in pair),
            *(line.amount for line in told.lines),
            *(party.name for party in told.parties),
        ):
            assert said in page
            assert said in printed


def test_paper_of_another_size_is_refused(browser: Browser, papers: list[DocumentView]) -> None:
    assert browser(LENA).get(f"/account/documents/{papers[0].id}/pdf?paper=a0").status_code == 422


def test_a_receipt_names_its_buyer_as_they_were_called_whatever_markup_that_is(browser: Browser) -> None:
    name = '<script>alert(1)</script> #import "x" \u202ekaerb'
    lena = market.add_person(LENA, name, "learner")
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    payment = market.pay(lena, market.add_course("Rust & <b>more</b>", teacher, 4900))
    with db.reading() as session:
        (receipt,) = documents_of(session, [payment])
    client = browser(LENA)
    page = client.get(f"/account/documents/{receipt.id}").text
    assert "<script>alert" not in page
    assert "Rust & <b>more</b>" in words(page)
    printed = pdf_words(client.get(f"/account/documents/{receipt.id}/pdf").data)
    assert '<script>alert(1)</script> #import "x" kaerb' in printed
    assert "Rust & <b>more</b>" in printed


@pytest.mark.parametrize(
    ("amount", "currency", "said"), [(4900, "jpy", "¥4,900"), (12_340, "kwd", "KWD 12.340")]
)
def test_amounts_have_the_decimals_of_their_currency(
    browser: Browser, amount: int, currency: str, said: str
) -> None:
    lena = market.add_person(LENA, "Lena", "learner")
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    payment = market.pay(lena, market.add_course("Rust", teacher, amount, currency=currency), fee=None)
    with db.reading() as session:
        (receipt,) = documents_of(session, [payment])
    client = browser(LENA)
    assert said in words(client.get(f"/account/documents/{receipt.id}").text)
    assert said in pdf_words(client.get(f"/account/documents/{receipt.id}/pdf").data)


def test_staff_see_a_payments_papers_on_it_and_mail_one_again_which_is_noted(
    browser: Browser, papers: list[DocumentView]
) -> None:
    client = browser(FINN)
    story = client.get(f"/admin/payments/{papers[0].payment_id}").text
    assert all(f"/admin/documents/{paper.id}" in story for paper in papers)
    page = client.get(f"/admin/documents/{papers[1].id}").text
    form = {"csrf_token": form_token(page), "idempotency_key": str(new_id())}
    before = mails()
    for _ in range(2):  # a doubled click
        assert client.post(f"/admin/documents/{papers[1].id}/send", data=form).status_code == 303
    assert mails()[len(before) :] == [("document_again", LENA)]
    with db.reading() as session:
        noted = session.execute(
            text("SELECT actor_name, subject_label FROM audit_entry WHERE act = 'document.sent_again'")
        ).all()
    assert [tuple(row) for row in noted] == [("Finn", papers[1].number)]


def test_each_paper_goes_out_once_by_itself(papers: list[DocumentView]) -> None:
    assert mails() == [("receipt", LENA), ("refunded", LENA)]
