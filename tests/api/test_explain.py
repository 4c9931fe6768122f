"""Where an amount comes from, as the API tells it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core import db
from azora_admin.core.ids import EntryId, PaymentId, PersonId, new_id
from azora_admin.identity.queries import get_person
from azora_admin.ledger.queries.entries import entries_for_reference
from tests.api.callers import bearer, fields, ok, problem
from tests.pages import market


@pytest.fixture
def paid() -> PaymentId:
    """A sale whose fee is booked."""
    priya = market.add_person("priya@market.test", "Priya Raman", "instructor")
    elena = market.add_person("elena@market.test", "Elena Kovacs", "learner")
    return market.pay(elena, market.add_course("Rust", priya, 4900), event="evt_paid")


def headers(app: Flask, role: str) -> dict[str, str]:
    person_id: PersonId = market.add_person(f"{role}@market.test", "Somebody", role)
    with db.reading() as session:
        return bearer(app, get_person(session, person_id))


def entry_ids(payment_id: PaymentId) -> dict[str, EntryId]:
    with db.reading() as session:
        return {one.kind: one.id for one in entries_for_reference(session, [str(payment_id)])}


@pytest.mark.parametrize("kind", ["sale", "processing_fee"])
def test_an_entry_is_told_with_its_legs_its_rule_and_its_cause(
    app: Flask, client: FlaskClient, paid: PaymentId, kind: str
) -> None:
    entry = entry_ids(paid)[kind]
    told = ok(client.get(f"/api/v1/explain?entry={entry}", headers=headers(app, "finance")))
    assert (told["id"], told["kind"], told["payment_id"]) == (str(entry), kind, str(paid))
    assert sum(leg["amount"] for leg in told["legs"]) == 0
    assert sum(leg["amount"] for leg in told["legs"] if leg["amount"] > 0) == told["volume"]
    assert told["rule_version"]
    assert {leg["currency"] for leg in told["legs"]} == {told["currency"]} == {"usd"}
    assert told["exchange_rate"] is None
    assert (told["cause"]["kind"], told["cause"]["reference"]) == ("event", "evt_paid")
    # This event was never in the inbox: what is not known is null.
    assert told["cause"]["event"] is None


def test_an_entry_that_is_not_there_is_a_404(app: Flask, client: FlaskClient) -> None:
    answer = client.get(f"/api/v1/explain?entry={new_id()}", headers=headers(app, "support"))
    problem(answer, 404, "entry_not_found")


@pytest.mark.parametrize("query", ["", "?entry=", "?entry=412", "?entry=x&entry=y"])
def test_an_entry_is_named_by_its_id(app: Flask, client: FlaskClient, query: str) -> None:
    answer = client.get(f"/api/v1/explain{query}", headers=headers(app, "finance"))
    assert fields(problem(answer, 422, "invalid")) == ["entry"]


@pytest.mark.parametrize("role", ["learner", "instructor", "owner"])
def test_the_book_is_for_the_staff(app: Flask, client: FlaskClient, paid: PaymentId, role: str) -> None:
    answer = client.get(f"/api/v1/explain?entry={entry_ids(paid)['sale']}", headers=headers(app, role))
    problem(answer, 403, "insufficient_permissions")
