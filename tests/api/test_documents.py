"""Receipts and credit notes as apps get them: in the form that they accept, their payer's alone, mailed again once."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.ids import PaymentId, PersonId
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import SignedIn
from azora_admin.payments.queries import DocumentView, documents_of
from tests.api.callers import bearer, ok, problem
from tests.pages import market

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def payment_id(app: Flask) -> PaymentId:
    """Of 49.00, 10.00 of which went back."""
    learner = market.add_person("lena@market.test", "Lena Süß", "learner")
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    payment = market.pay(learner, market.add_course("Rust", teacher, 4900))
    market.refund_in_dashboard(payment, 1000)
    return payment


def person(role: str) -> SignedIn:
    with db.reading() as session:
        return get_person(session, market.add_person(f"{role}@market.test", role.capitalize(), role))


@pytest.fixture
def payer(payment_id: PaymentId) -> SignedIn:
    with db.reading() as session:
        found = session.scalar(text("SELECT payer_id FROM payment WHERE id = :id"), {"id": payment_id})
        return get_person(session, PersonId(found))


def documents(payment_id: PaymentId) -> list[DocumentView]:
    with db.reading() as session:
        return documents_of(session, [payment_id])


def headers(app: Flask, who: SignedIn, **more: str) -> dict[str, str]:
    return {**bearer(app, who), **{name.replace("_", "-"): value for name, value in more.items()}}


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("application/pdf", "application/pdf"),
        ("text/html;q=0.5, application/pdf", "application/pdf"),
        ("text/*", "text/html"),
    ],
)
def test_a_receipt_comes_in_the_form_that_is_accepted(
    app: Flask, client: FlaskClient, payment_id: PaymentId, payer: SignedIn, accept: str, kind: str
) -> None:
    accepting = {"Accept": accept} if accept else {}
    answer = client.get(f"/api/v1/payments/{payment_id}/receipt", headers=headers(app, payer, **accepting))
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert "Accept" in answer.vary
    number = documents(payment_id)[0].number
    printed = kind == "application/pdf"
    said = PdfReader(io.BytesIO(answer.data)).pages[0].extract_text() if printed else answer.text
    assert number in said
    assert "$49.00" in said


@pytest.mark.parametrize("accept", ["application/json", "image/png", "text/html;q=0"])
def test_a_form_that_there_is_not_is_406(
    app: Flask, client: FlaskClient, payment_id: PaymentId, payer: SignedIn, accept: str
) -> None:
    path = f"/api/v1/payments/{payment_id}/receipt"
    problem(client.get(path, headers=headers(app, payer, Accept=accept)), 406, "not_acceptable")


def test_a_document_is_json_unless_another_form_is_wanted(
    app: Flask, client: FlaskClient, payment_id: PaymentId, payer: SignedIn
) -> None:
    _, note = documents(payment_id)
    path = f"/api/v1/documents/{note.id}"
    told: dict[str, Any] = ok(client.get(path, headers=headers(app, payer)))
    assert (told["kind"], told["number"], told["total"], told["currency"]) == (
        "credit_note",
        note.number,
        1000,
        "usd",
    )
    assert told["refers_to"] == documents(payment_id)[0].number
    assert told["buyer"] == {"name": "Lena Süß", "email": "lena@market.test"}
    for form in ("text/html", "application/pdf"):
        assert client.get(path, headers=headers(app, payer, Accept=form)).mimetype == form
    listed = ok(client.get(f"/api/v1/payments/{payment_id}/documents", headers=headers(app, payer)))
    assert [one["kind"] for one in listed["items"]] == ["receipt", "credit_note"]
    assert listed["items"][1] == told


def test_what_is_somebody_elses_is_not_there_and_staff_see_it(
    app: Flask, client: FlaskClient, payment_id: PaymentId
) -> None:
    mallory, finn = person("learner"), person("support")
    (receipt, _) = documents(payment_id)
    for path, code in (
        (f"payments/{payment_id}/receipt", "document_not_found"),
        (f"payments/{payment_id}/documents", "payment_not_found"),
        (f"documents/{receipt.id}", "document_not_found"),
    ):
        problem(client.get(f"/api/v1/{path}", headers=headers(app, mallory)), 404, code)
        assert client.get(f"/api/v1/{path}", headers=headers(app, finn)).status_code == 200
    problem(
        client.post(f"/api/v1/payments/{payment_id}/receipt/send", headers=headers(app, mallory)),
        404,
        "document_not_found",
    )


def test_a_receipt_is_mailed_again_once_for_each_key(
    app: Flask, client: FlaskClient, payment_id: PaymentId, payer: SignedIn
) -> None:
    path = f"/api/v1/payments/{payment_id}/receipt/send"
    answers = [client.post(path, headers=headers(app, payer, Idempotency_Key=key)) for key in ("a", "a", "b")]
    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert ok(answers[0], 202)["to"] == "lena@market.test"
    with db.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM mail WHERE kind = 'document_again'")) == 2


def test_a_payment_that_was_not_made_has_no_receipt(app: Flask, client: FlaskClient) -> None:
    lena = market.add_person("lena@market.test", "Lena", "learner")
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    refused = market.refuse(lena, market.add_course("Rust", teacher, 4900))
    with db.reading() as session:
        payer = get_person(session, lena)
    path = f"/api/v1/payments/{refused}/receipt"
    problem(client.get(path, headers=headers(app, payer)), 404, "document_not_found")
