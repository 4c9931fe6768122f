"""Disputes as staff and programs read them through the API."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import DisputeId, PaymentId, PersonId, new_id
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import SignedIn
from tests.api.callers import bearer, fields, ok, problem, time_of
from tests.api.test_api_keys import key_of
from tests.pages import market

pytestmark = pytest.mark.usefixtures("database")

LIST = "/api/v1/disputes"


def person(*roles: str) -> SignedIn:
    found: PersonId = market.add_person(f"{'-'.join(roles)}@market.test", "Somebody", *roles)
    with db.reading() as session:
        return get_person(session, found)


@pytest.fixture
def paid(test_clock: FixedClock) -> list[PaymentId]:
    """Three payments of a hundred dollars."""
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    course = market.add_course("Rust", teacher, 10_000)
    return [market.pay(learner, course) for learner in market.add_learners([1, 2, 3])]


@pytest.fixture
def disputed(paid: list[PaymentId], test_clock: FixedClock) -> list[DisputeId]:
    """One that needs evidence, an inquiry a day later, and one that was lost another day later; due after 8 days."""
    made = []
    for payment_id, status in zip(paid, ("needs_response", "warning_needs_response", "lost"), strict=True):
        made.append(market.dispute(payment_id, status=status, amount=4_900))
        test_clock.advance(timedelta(days=1))
    return made


@pytest.fixture
def staff(app: Flask) -> dict[str, str]:
    return bearer(app, person("support"))


def test_disputes_are_listed_newest_first_page_by_page(
    client: FlaskClient, disputed: list[DisputeId], staff: dict[str, str]
) -> None:
    first = ok(client.get(f"{LIST}?limit=2", headers=staff))
    rest = ok(client.get(f"{LIST}?limit=2&cursor={first['next_cursor']}", headers=staff))
    found = [*first["items"], *rest["items"]]
    assert [one["id"] for one in found] == [str(one) for one in reversed(disputed)]
    assert rest["next_cursor"] is None
    lost, inquiry, asked = found
    assert (lost["status"], lost["withdrawn"], lost["withheld"]) == ("lost", 4_900, 0)
    assert lost["closed_at"] is not None
    assert (inquiry["is_inquiry"], inquiry["is_answerable"], inquiry["withdrawn"]) == (True, True, 0)
    assert (asked["amount"], asked["withheld"], asked["currency"]) == (4_900, 4_900, "usd")
    assert (asked["reason"], asked["network_code"], asked["is_inquiry"]) == ("fraudulent", "10.4", False)
    # A cursor is its list's alone.
    problem(client.get(f"{LIST}?cursor={'A' * 80}", headers=staff), 404, "cursor_not_found")


def test_filters_narrow_the_list_and_add_up(
    client: FlaskClient, disputed: list[DisputeId], paid: list[PaymentId], staff: dict[str, str]
) -> None:
    def listed(query: str) -> list[int]:
        found = ok(client.get(f"{LIST}?{query}", headers=staff))["items"]
        return [disputed.index(DisputeId(UUID(one["id"]))) for one in found]

    def by(**after: float) -> str:
        return quote((clock.now() + timedelta(**after)).isoformat())

    assert listed("status=lost") == [2]
    assert listed(f"payment_id={paid[1]}") == [1]
    assert listed(f"payment_id={new_id()}") == []
    # Due eight days and an hour after they were opened, three and two days ago. What is lost is due no more.
    assert listed(f"due_before={by(days=30)}") == [1, 0]
    assert listed(f"due_before={by(days=5, hours=2)}") == [0]
    assert listed(f"due_before={by(days=5, hours=1)}") == []
    assert listed(f"due_before={by(days=30)}&status=warning_needs_response") == [1]
    for query in ("status=angry", "due_before=tomorrow", "due_before=2026-07-01T12:00:00", "payment_id=4"):
        wrong = problem(client.get(f"{LIST}?{query}", headers=staff), 422, "invalid")
        assert fields(wrong) == [query.partition("=")[0]]


def test_a_dispute_leads_to_its_entries_and_they_to_it(
    app: Flask, client: FlaskClient, disputed: list[DisputeId], staff: dict[str, str]
) -> None:
    told = ok(client.get(f"{LIST}/{disputed[2]}", headers=staff))
    assert [one["kind"] for one in told["entries"]] == ["dispute_opened", "dispute_lost"]
    assert [one["status"] for one in told["steps"]] == ["lost"]
    assert told["answers"] == []
    for entry in told["entries"]:
        explained = ok(client.get(f"/api/v1/explain?entry={entry['id']}", headers=staff))
        assert (explained["kind"], explained["payment_id"]) == (entry["kind"], told["payment_id"])
        assert time_of(explained["occurred_at"]) == time_of(entry["occurred_at"])
    problem(client.get(f"{LIST}/{new_id()}", headers=staff), 404, "dispute_not_found")


def test_a_machine_with_the_scope_reads_them_and_nobody_else_but_staff(
    app: Flask, client: FlaskClient, disputed: list[DisputeId]
) -> None:
    machine = person("machine")
    _, watching = key_of(machine, "disputes:read")
    assert len(ok(client.get(LIST, headers=watching))["items"]) == 3
    assert ok(client.get(f"{LIST}/{disputed[0]}", headers=watching))["id"] == str(disputed[0])
    _, other = key_of(machine, "own:read")
    for headers in (other, bearer(app, person("learner")), bearer(app, person("instructor"))):
        for path in (LIST, f"{LIST}/{disputed[0]}"):
            problem(client.get(path, headers=headers), 403, "insufficient_permissions")
