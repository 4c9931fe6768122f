"""Each page, each role: who sees it, who is refused, who is led to the door."""

from __future__ import annotations

import pytest
from flask import Flask

from azora_admin.core import clock, db
from azora_admin.identity.rules import PEOPLE, STAFF
from azora_admin.ledger.queries.entries import entries_for_reference
from azora_admin.payments.queries import documents_of
from tests.differing import differ
from tests.messaging.events import receive
from tests.pages import market
from tests.pages.conftest import Browser

ADMIN = [
    "/admin/",
    "/admin/payments",
    "/admin/payments/exports",
    "/admin/payments/{payment}",
    "/admin/payments/{payment}/refund",
    "/admin/documents/{receipt}",
    "/admin/documents/{receipt}/pdf",
    "/admin/refunds",
    "/admin/refunds/requests",
    "/admin/refunds/bulk",
    "/admin/refunds/policy",
    "/admin/refunds/requests/{request}",
    "/admin/disputes",
    "/admin/disputes/{dispute}",
    "/admin/entries/{entry}",
    "/admin/events",
    "/admin/operations",
    "/admin/operations/jobs",
    "/admin/events/{event}",
    "/admin/people",
    "/admin/people/{person}",
    "/admin/permissions",
    "/admin/reconciliation",
    "/admin/reconciliation/differences",
    "/admin/reconciliation/differences/{difference}",
    "/admin/refunds",
    "/admin/payments/{payment}/refund",
]
INSTRUCTOR = [
    "/instructor/",
    "/instructor/earnings",
    "/instructor/statements/{month}/pdf",
    "/instructor/statements/{month}/csv",
]
ACCOUNT = [
    "/account/",
    "/account/email",
    "/account/cards",
    "/account/password",
    "/account/payments.csv",
    "/account/security/",
    "/account/security/keys/new",
    "/account/security/factors/",
    "/account/security/factors/app",
    "/account/security/factors/passkey",
    "/account/security/factors/recovery-codes",
    "/sign-in/again",
]
# Finance and administrators alone, administrators, or one's own: test_disputes.py, test_audit.py, test_machines.py and
# others beside this file.
ELSEWHERE = {
    "/admin/payments/exports/{export}",
    "/admin/payments/exports/{export}/control",
    "/account/documents/{receipt}",
    "/account/documents/{receipt}/pdf",
    "/admin/audit",
    "/admin/audit/{entry}",
    "/admin/refunds/{refund}/turn-down",
    "/admin/refunds/bulk/new",
    "/admin/refunds/bulk/{bulk}",
    "/admin/disputes/{dispute}/answer",
    "/admin/disputes/{dispute}/packet",
    # A payer's own payment alone: tests/pages/test_own_refund.py.
    "/admin/operations/<kind>/<operation_id>",
    "/admin/operations/jobs/<job_id>",
    "/account/payments/{payment}",
    "/account/payments/{payment}/return",
    "/account/payments/{payment}/refund",
    "/admin/machines/new",
    "/admin/machines/{person}/keys",
}
AUDIENCE = (
    [(path, STAFF) for path in ADMIN]
    + [(path, frozenset({"instructor"})) for path in INSTRUCTOR]
    + [(path, PEOPLE) for path in ACCOUNT]
)


@pytest.fixture
def sold() -> dict[str, str]:
    """One sale, to have a payment and an entry to open."""
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    (learner,) = market.add_learners([1])
    payment = market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 9900))
    request = market.ask_back(learner, payment)
    with db.reading() as session:
        entry = entries_for_reference(session, [str(payment)])[0]
        (receipt,) = documents_of(session, [payment])
    receive("evt_1")
    return {
        "payment": str(payment),
        "entry": str(entry.id),
        "person": str(learner),
        "event": "evt_1",
        "difference": str(differ("re_1")),
        "request": str(request),
        "dispute": str(market.dispute(payment)),
        "receipt": str(receipt.id),
        "month": f"{clock.now():%Y-%m}",
    }


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_a_role_sees_the_pages_of_its_audience_and_no_others(
    browser: Browser, sold: dict[str, str], role: str
) -> None:
    market.add_person("somebody@market.test", "Some Body", role)
    client = browser("somebody@market.test")
    seen = {path: client.get(path.format(**sold)).status_code for path, _ in AUDIENCE}
    assert seen == {path: 200 if role in roles else 403 for path, roles in AUDIENCE}


def test_nobody_sees_a_page_without_signing_in(app: Flask, sold: dict[str, str]) -> None:
    stranger = app.test_client()
    for path, _ in AUDIENCE:
        answer = stranger.get(path.format(**sold))
        assert (path, answer.status_code) == (path, 303)
        assert answer.location.startswith("/sign-in?next=")


def test_every_page_that_there_is_stands_in_this_table(app: Flask) -> None:
    ours = {"admin", "instructor", "account", "security", "factors", "proof"}
    rules = {
        rule.rule.replace("<payment_id>", "{payment}")
        .replace("<entry_id>", "{entry}")
        .replace("<person_id>", "{person}")
        .replace("<event_id>", "{event}")
        .replace("<dispute_id>", "{dispute}")
        .replace("<refund_id>", "{refund}")
        .replace("<bulk_id>", "{bulk}")
        .replace("<difference_id>", "{difference}")
        .replace("<request_id>", "{request}")
        .replace("<document_id>", "{receipt}")
        .replace("<export_id>", "{export}")
        .replace("<month>", "{month}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.partition(".")[0] in ours and "GET" in (rule.methods or ())
    }
    assert rules == {path for path, _ in AUDIENCE} | ELSEWHERE


def test_a_refusal_is_a_page_with_a_way_on(browser: Browser) -> None:
    market.add_person("somebody@market.test", "Some Body", "learner")
    answer = browser("somebody@market.test").get("/admin/")
    assert answer.status_code == 403
    assert "Your role does not include this page." in answer.text
    assert 'href="/"' in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
