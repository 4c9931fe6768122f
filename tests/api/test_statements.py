"""An instructor's statement by the API: the figures of the PDF and the CSV, with what is behind each."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import EntryId, PersonId, new_id
from azora_admin.core.money import Money, money_text
from azora_admin.identity.queries import get_person
from azora_admin.ledger.queries import balance
from azora_admin.ledger.queries.entries import find_entry
from azora_admin.reports.monthly_statement import MonthlyStatement, month_after, monthly_statement
from azora_admin.reports.statement_money import Behind
from azora_admin.web import statements
from tests.api.callers import bearer, fields, ok, problem
from tests.pages import market

PATH = "/api/v1/instructor/statement"
JULY = f"{PATH}?month=2026-07"
pytestmark = pytest.mark.usefixtures("database")

KINDS = ("sale", "untold sale", "refund", "failed refund", "dispute")


@pytest.fixture
def priya(test_clock: FixedClock) -> PersonId:
    """She sold at 49.00 in June, and in July twice, of which one has no fee yet; 10.00 went back, one is disputed."""
    priya = market.add_person("priya@market.test", "Priya Raman", "instructor")
    course = market.add_course("Rust", priya, 4900)
    first, second, third = market.add_learners(range(3))
    _to(test_clock, datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC))
    sold = market.pay(first, course)
    _to(test_clock, datetime(2026, 7, 1, tzinfo=UTC))
    paid = market.pay(second, course)
    market.pay(third, course, fee=None)
    _to(test_clock, datetime(2026, 7, 10, tzinfo=UTC))
    market.refund_in_dashboard(paid, 1000)
    market.dispute(sold)
    return priya


@pytest.fixture
def me(app: Flask, priya: PersonId) -> dict[str, str]:
    with db.reading() as session:
        return bearer(app, get_person(session, priya))


def _to(test_clock: FixedClock, at: datetime) -> None:
    test_clock.advance(at - test_clock.now())


def month(instructor_id: PersonId, first_on: date) -> MonthlyStatement:
    with db.snapshot() as session:
        return monthly_statement(
            session, instructor_id=instructor_id, currency="usd", first_on=first_on, now=clock.now()
        )


def columns(line: dict[str, Any]) -> list[Any]:
    fee = line["fee"] and line["fee"]["amount"]
    return [line["kind"], line["gross"], fee, line["net"], line["refunded"], line["share"], line["balance"]]


def test_each_line_says_what_was_paid_what_stripe_took_and_whose_it_is(
    client: FlaskClient, me: dict[str, str]
) -> None:
    told = ok(client.get(JULY, headers=me))
    assert (told["month"], told["currency"], told["opening"], told["closing"]) == (
        "2026-07",
        "usd",
        3430,
        6160,
    )
    assert [columns(line) for line in told["lines"]] == [
        ["sale", 4900, 172, 4728, None, 3430, 6860],
        ["sale", 4900, None, None, None, 3430, 10290],
        ["refund_reserved", None, None, -1000, 1000, -700, 9590],
        ["dispute_opened", None, 1500, -6400, 4900, -3430, 6160],
    ]
    assert [line["awaits_fee"] for line in told["lines"]] == [False, True, False, False]
    assert told["totals"] == {
        "gross": 9800,
        "fees": [{"amount": 1672, "currency": "usd"}],
        "awaited": 1,
        "refunded": 5900,
        "net": None,
        "share": 2730,
    }
    assert {one["kind"]: (one["count"], one["share"]) for one in told["sums"]}["sale"] == (2, 6860)


def test_every_figure_leads_to_its_entry(client: FlaskClient, me: dict[str, str], priya: PersonId) -> None:
    for line in ok(client.get(JULY, headers=me))["lines"]:
        with db.reading() as session:
            entry = find_entry(session, EntryId(UUID(line["entry_id"])))
            taken = find_entry(session, EntryId(UUID(line["fee_entry_id"]))) if line["fee"] else None
        assert entry is not None
        mine = [leg.amount for leg in entry.legs if leg.key == f"instructor:{priya}:payable"]
        assert (entry.kind, sum(mine)) == (line["kind"], line["share"])
        if taken is not None:
            fees = [leg.debit for leg in taken.legs if leg.key == "stripe:fees"]
            assert fees == [line["fee"]["amount"]]


def test_it_says_what_the_spreadsheet_and_the_paper_say(
    client: FlaskClient, me: dict[str, str], priya: PersonId
) -> None:
    told = ok(client.get(JULY, headers=me))
    found = month(priya, date(2026, 7, 1))
    sheet = b"".join(statements.csv_answer(found).response)  # type: ignore[arg-type]
    _, before, *lines, after = csv.reader(io.StringIO(sheet.decode("utf-8-sig")))
    assert [_minor(row[10]) for row in (before, after)] == [told["opening"], told["closing"]]
    for row, line in zip(lines, told["lines"], strict=True):
        fee = None if row[5] == "not known yet" else _minor(row[5])
        assert [_minor(row[4]), fee, *map(_minor, row[7:11])] == columns(line)[1:]
        assert row[12:] == [line["entry_id"], line["fee_entry_id"] or ""]
        assert (row[5] == "not known yet") is line["awaits_fee"]
    paper = statements.data(found)
    assert [line[-1] for line in paper["lines"]] == [
        money_text(Money(line["balance"], "usd")) for line in told["lines"]
    ]
    assert [line[3] for line in paper["lines"]] == ["$1.72", "not known yet", "", "$15.00"]
    assert paper["sum"][2:7] == ["$98.00", ["$16.72", "1 not known yet"], "", "$59.00", "+$27.30"]


def _minor(figure: str) -> int | None:
    return int(Decimal(figure) * 100) if figure else None


def test_a_month_that_has_not_begun_is_not_there_and_what_is_none_is_refused(
    client: FlaskClient, me: dict[str, str]
) -> None:
    problem(client.get(f"{PATH}?month=2026-08", headers=me), 404, "statement_not_found")
    for query, field in (
        ("", "month"),
        ("?month=2026-13", "month"),
        ("?month=2026-07&currency=xyz", "currency"),
    ):
        assert fields(problem(client.get(f"{PATH}{query}", headers=me), 422, "invalid")) == [field]
    assert ok(client.get(f"{JULY}&currency=eur", headers=me))["lines"] == []


def test_it_is_for_instructors_and_each_sees_their_own(
    app: Flask, client: FlaskClient, me: dict[str, str]
) -> None:
    for role, status in (("instructor", 200), ("learner", 403)):
        with db.reading() as session:
            other = get_person(session, market.add_person(f"{role}@market.test", "Omar", role))
        answer = client.get(JULY, headers=bearer(app, other))
        assert answer.status_code == status
        assert "sale" not in answer.text


_FACTS = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(1, 20), st.integers(100, 99_999)), min_size=1, max_size=8
)


@settings(
    max_examples=int(os.environ.get("AZORA_STATEMENT_EXAMPLES", "8")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(facts=_FACTS)
def test_months_follow_on_each_other_and_every_column_adds_up(
    test_clock: FixedClock, facts: list[tuple[str, int, int]]
) -> None:
    teacher = market.add_person(f"{new_id().hex}@market.test", "Priya", "instructor")
    learner = market.add_person(f"{new_id().hex}@market.test", "Lena", "learner")
    first_on = clock.now().date().replace(day=1)
    for kind, days, amount in facts:
        _happen(kind, teacher, learner, amount)
        test_clock.advance(timedelta(days=days))
    opening, refunded = 0, 0
    while first_on <= clock.now().date():
        found = month(teacher, first_on)
        assert found.opening.amount == opening
        assert found.closing.amount - opening == sum(line.amount.amount for line in found.lines)
        assert found.totals.share.amount == sum(one.amount.amount for one in found.sums)
        nets = [line.behind.net for line in found.lines]
        known = [net.amount for net in nets if net]
        assert found.totals.net == (None if found.totals.awaited else Money(sum(known), "usd"))
        opening, refunded = found.closing.amount, refunded + found.totals.refunded.amount
        first_on = month_after(first_on)
    # What came back has gone nowhere.
    assert refunded == sum(_part(amount) for kind, _, amount in facts if kind in ("refund", "dispute"))
    with db.reading() as session:
        assert opening == balance(session, f"instructor:{teacher}:payable", "usd")


def _part(amount: int) -> int:
    return amount // 3


def _happen(kind: str, teacher: PersonId, learner: PersonId, amount: int) -> None:
    course = market.add_course(f"Rust {new_id().hex}", teacher, amount)
    paid = market.pay(learner, course, fee=None if kind == "untold sale" else 30)
    part = _part(amount)
    if kind in ("refund", "failed refund"):
        market.refund_in_dashboard(paid, part, status="failed" if kind == "failed refund" else "succeeded")
    if kind == "dispute":
        market.dispute(paid, amount=part)


def test_a_fee_in_another_currency_stands_in_it_without_a_net(priya: PersonId) -> None:
    abroad = Behind(gross=Money(4900, "usd"), fee=Money(160, "eur"))
    assert abroad.net is None
    found = month(priya, date(2026, 7, 1))
    line = replace(found.lines[0], behind=abroad)
    told = statements.data(replace(found, lines=[line]))
    assert told["lines"][0][2:5] == ["$49.00", "€1.60", ""]
    assert any("in EUR" in note for note in told["notes"])
    assert replace(found, lines=[line]).totals.net is None
