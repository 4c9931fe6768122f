"""Every GET of the API can be asked conditionally, and a 304 costs no serialization: walked over the URL map."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

import orjson
import pytest
from flask import Flask

from azora_admin.api.description import find_operation
from azora_admin.core import clock, db
from azora_admin.core.ids import PersonId
from azora_admin.identity.queries import get_person
from azora_admin.ledger.queries.entries import entries_for_reference
from azora_admin.payments.queries import documents_of
from azora_admin.web.errors import MACHINE_PREFIXES
from tests.api.callers import bearer
from tests.pages import market

# Endpoint → an address of it that has an answer, and who asks (None: anybody, so that caches may keep it too).
EXAMPLES: Final = {
    "api_v1.courses.index": ("/api/v1/courses", None),
    "api_v1.courses.show": ("/api/v1/courses/{course}", None),
    "api_v1.enrollments.index": ("/api/v1/enrollments", "learner"),
    "api_v1.payments.index": ("/api/v1/payments", "learner"),
    "api_v1.payments.show": ("/api/v1/payments/{payment}", "learner"),
    "api_v1.refund_requests.index": ("/api/v1/refund-requests", "learner"),
    "api_v1.refund_requests.show": ("/api/v1/refund-requests/{request}", "learner"),
    "api_v1.documents.index": ("/api/v1/payments/{payment}/documents", "learner"),
    "api_v1.documents.show": ("/api/v1/documents/{receipt}", "learner"),
    "api_v1.documents.receipt": ("/api/v1/payments/{payment}/receipt", "learner"),
    "api_v1.me.show": ("/api/v1/me", "learner"),
    "api_v1.payment_methods.index": ("/api/v1/me/payment-methods", "learner"),
    "api_v1.me.access": ("/api/v1/me/access?course_id={course}", "learner"),
    "api_v1.contract.openapi": ("/api/v1/openapi.json", None),
    "well_known.jwks": ("/.well-known/jwks.json", None),
    "api_v1.instructor_earnings.earnings": ("/api/v1/instructor/earnings", "instructor"),
    "api_v1.instructor_earnings.statement": ("/api/v1/instructor/statement?month={month}", "instructor"),
    "api_v1.disputes.index": ("/api/v1/disputes", "finance"),
    "api_v1.disputes.show": ("/api/v1/disputes/{dispute}", "finance"),
    "api_v1.explain.show": ("/api/v1/explain?entry={entry}", "finance"),
}
# Endpoint → how many times its answer is serialized, where `Accept` says in which form it comes.
FORMS: Final = {"api_v1.documents.show": 1, "api_v1.documents.receipt": 0}
# Endpoint → why it stands under the API's addresses and is none of its answers.
PAGES: Final = {"reference.show": "the contract for people, in the colours that its reader chose"}
# Endpoint → for how long it may be passed on unasked, where that is agreed with whoever reads it.
KEPT: Final = {"well_known.jwks": "public, max-age=300"}


@pytest.fixture
def ids() -> dict[str, Any]:
    """One sale: its course and payment, its learner and instructor."""
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    learner, other = market.add_learners([1, 2])
    course = market.add_course("Rust for Embedded Linux", teacher, 9900)
    payment = market.pay(learner, course)
    with db.reading() as session:
        (sale, _) = entries_for_reference(session, [str(payment)])
        (receipt,) = documents_of(session, [payment])
    return {
        "course": course.id,
        "payment": payment,
        "learner": learner,
        "instructor": teacher,
        "finance": market.add_person("finn@market.test", "Finn", "finance"),
        "entry": sale.id,
        "request": market.ask_back(learner, payment),
        "dispute": market.dispute(market.pay(other, course)),
        "receipt": receipt.id,
        "month": f"{clock.now():%Y-%m}",
    }


def test_every_get_of_the_api_has_an_example_here_or_a_reason(app: Flask) -> None:
    walked = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.methods and "GET" in rule.methods and rule.rule.startswith(MACHINE_PREFIXES)
    }
    assert walked - _untagged(app) - set(PAGES) == set(EXAMPLES)
    assert _untagged(app) == {"operations.healthz", "operations.readyz", "api_v1.payments.export"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("endpoint", EXAMPLES)
def test_a_get_carries_a_tag_and_who_has_it_is_told_so_without_serialization(
    app: Flask, ids: dict[str, Any], endpoint: str, method: str
) -> None:
    path, role = EXAMPLES[endpoint]
    path = path.format(**ids)
    headers = _headers(app, ids[role]) if role else {}
    client = app.test_client()
    with serializations() as made:
        first = client.open(path, method=method, headers=headers)
    assert (first.status_code, made) == (200, ["orjson.dumps"] * FORMS.get(endpoint, 1))
    assert first.headers["ETag"].startswith('W/"')
    kept = KEPT.get(endpoint) or ("private, no-cache" if role else "public, no-cache")
    assert first.headers["Cache-Control"] == kept
    vary = {"Authorization", "Accept-Encoding"} if role else {"Accept-Encoding"}
    assert set(first.vary) >= vary | ({"Accept"} if endpoint in FORMS else set())
    assert set(first.vary) == vary or endpoint in FORMS
    with serializations() as made:
        again = client.open(path, method=method, headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data, made) == (304, b"", [])
    for name in ("ETag", "Cache-Control", "Vary"):
        assert again.headers[name] == first.headers[name]
    assert "Content-Type" not in again.headers


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_what_has_no_tag_is_kept_by_nobody(app: Flask, path: str) -> None:
    answer = app.test_client().get(path, headers={"If-None-Match": "*"})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert "ETag" not in answer.headers


def _untagged(app: Flask) -> set[str]:
    """The endpoints that say why their answer has no tag."""
    described = {endpoint: find_operation(view) for endpoint, view in app.view_functions.items()}
    return {endpoint for endpoint, operation in described.items() if operation and operation.untagged}


def _headers(app: Flask, person_id: PersonId) -> dict[str, str]:
    with db.reading() as session:
        return bearer(app, get_person(session, person_id))


@contextmanager
def serializations() -> Iterator[list[str]]:
    """The calls of the one JSON serializer within the block, as the interpreter sees them."""
    made: list[str] = []

    def note(frame: FrameType, event: str, called: object) -> None:
        if event == "c_call" and called is orjson.dumps:
            made.append("orjson.dumps")

    sys.setprofile(note)
    try:
        yield made
    finally:
        sys.setprofile(None)
