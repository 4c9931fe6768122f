"""The refund policy is simulated over history before it is changed, by the rule that will decide."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict
from azora_admin.core.money import Money
from azora_admin.flows import refund_policies
from azora_admin.identity.queries import as_signed_in
from azora_admin.identity.rules import Actor
from azora_admin.identity.tables import Person
from azora_admin.payments.queries import policy_in_force
from azora_admin.payments.rules.refund_policy import Asked, Policy, digest_of, judge
from azora_admin.reports.refund_simulation import compare, simulate
from tests.pages import market
from tests.pages.conftest import Browser

pytestmark = pytest.mark.usefixtures("test_clock")
OLD = Policy(1, 14, 30, Money(5000, "usd"), "old")
NEW = Policy(2, 7, 30, None, "new")


@pytest.fixture
def finance(browser: Browser) -> FlaskClient:
    market.add_person("finn@market.test", "Finn Boyle", "finance")
    return browser("finn@market.test")


def fields(page: str) -> dict[str, str]:
    form = next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'id="form"' in one)
    texts = dict(re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>([^<]*)<', form))
    typed = dict(re.findall(r'<input [^>]*name="([^"]+)"[^>]*value="([^"]*)"', form))
    return typed | texts


def test_both_policies_judge_the_same_history() -> None:
    asked = Asked(10, 0, Money(4900, "usd"), Money(0, "usd"))
    found = compare([(asked, 3)], OLD, NEW)
    assert [(one.name, one.old.count, one.new.count) for one in found] == [
        ("automatic", 3, 0),
        ("queue", 0, 0),
        ("outside", 0, 3),
    ]
    assert found[0].old.sums == [Money(14700, "usd")]
    assert judge(OLD, asked).outcome == "automatic"


def test_purchases_and_requests_of_some_days_are_simulated(finance: FlaskClient) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    course, dear = market.add_course("Rust", teacher, 4900), market.add_course("Zig", teacher, 9900)
    one, two = market.add_learners(range(2))
    market.pay(one, course)
    market.pay(two, course)
    market.ask_back(one, market.pay(one, dear))
    with db.reading() as session:
        seen = simulate(session, old=OLD, new=NEW, now=clock.now(), days=90)
    assert [(one.name, one.old.count, one.new.count) for one in seen.purchases] == [
        ("automatic", 2, 0),
        ("queue", 1, 3),
        ("outside", 0, 0),
    ]
    assert [(one.old.count, one.new.count) for one in seen.requests] == [(0, 0), (1, 1), (0, 0)]


@pytest.mark.parametrize("script", [{}, {"HX-Request": "true", "HX-Target": "main"}])
def test_a_policy_is_simulated_then_put_in_force_with_a_reason(
    finance: FlaskClient, script: dict[str, str]
) -> None:
    page = finance.get("/admin/refunds/policy").text
    assert "Put version" not in page
    entered = fields(page) | {"days": "30", "automatic_up_to": "", "why": "Competitors give 30"}
    simulated = finance.post("/admin/refunds/policy/simulate", data=entered, headers=script)
    assert "If everybody asked now" in simulated.text
    assert "Put version 2 in force" in simulated.text
    entered = fields(simulated.text)
    assert (
        finance.post("/admin/refunds/policy", data=entered | {"why": ""}, headers=script).status_code == 422
    )
    done = finance.post("/admin/refunds/policy", data=entered, headers=script)
    assert (done.status_code, done.headers.get("HX-Redirect" if script else "Location")) == (
        204 if script else 303,
        "/admin/refunds/policy",
    )
    assert in_force() == Policy(2, 30, 30, None, entered["text"])
    assert "Competitors give 30" in finance.get("/admin/refunds/policy").text


@pytest.mark.parametrize("script", [{}, {"HX-Request": "true", "HX-Target": "main"}])
def test_other_values_than_the_simulated_ones_are_simulated_anew_and_kept(
    finance: FlaskClient, script: dict[str, str]
) -> None:
    first = fields(finance.get("/admin/refunds/policy").text)
    unseen = finance.post("/admin/refunds/policy", data=first | {"why": "Now"}, headers=script)
    assert (unseen.status_code, in_force().version) == (409, 1)
    changed = fields(unseen.text) | {"days": "21", "text": "Three  weeks", "why": "Longer"}
    refused = finance.post("/admin/refunds/policy", data=changed, headers=script)
    assert (refused.status_code, in_force().version) == (409, 1)
    assert "These are not the values that were simulated." in refused.text
    assert "If everybody asked now" in refused.text
    shown = fields(refused.text)
    assert {name: shown[name] for name in ("days", "text", "why")} == {
        "days": "21",
        "text": "Three  weeks",
        "why": "Longer",
    }
    done = finance.post("/admin/refunds/policy", data=shown, headers=script)
    assert (done.status_code, in_force().text) == (204 if script else 303, "Three weeks")


def test_another_version_in_force_meanwhile_is_shown_beside_what_was_entered(finance: FlaskClient) -> None:
    page = finance.get("/admin/refunds/policy").text
    entered = fields(page) | {"days": "30", "why": "Competitors give 30"}
    entered = fields(finance.post("/admin/refunds/policy/simulate", data=entered).text)
    market.set_policy(market.add_person("bea@market.test", "Bea Adeyemi", "finance"), days=7)
    refused = finance.post("/admin/refunds/policy", data=entered)
    assert (refused.status_code, in_force().days) == (409, 7)
    assert "Version 2 came into force meanwhile." in refused.text
    assert "Put version 3 in force" in refused.text
    shown = fields(refused.text)
    assert (shown["days"], shown["why"]) == ("30", "Competitors give 30")
    assert finance.post("/admin/refunds/policy", data=shown).status_code == 303
    assert (in_force().version, in_force().days) == (3, 30)


def test_values_that_cannot_be_in_force_are_not_simulated(finance: FlaskClient) -> None:
    entered = fields(finance.get("/admin/refunds/policy").text)
    for days, words in [("x", "Enter a whole number."), ("366", "Enter 0 to 365 days.")]:
        wrong = finance.post("/admin/refunds/policy/simulate", data=entered | {"days": days})
        assert wrong.status_code == 422
        assert f'<a href="#days">{words}</a>' in wrong.text
        assert "If everybody asked now" not in wrong.text
        assert fields(wrong.text)["days"] == days


@pytest.mark.usefixtures("finance")
def test_of_two_at_once_one_is_in_force_and_the_other_is_told() -> None:
    new = replace(NEW, text="Seven days")
    with db.reading() as session:
        person = as_signed_in(session.scalars(select(Person)).one())
    actor = Actor(person.person_id, person.name, "page", request_id="req_test", address="")
    gate = Barrier(2)

    def change() -> str:
        gate.wait()
        try:
            with db.transaction() as session:
                refund_policies.change(session, person, actor, new, why="Shorter", simulated=digest_of(new))
        except Conflict as refused:
            return refused.code
        return "changed"

    with ThreadPoolExecutor(2) as pool:
        done = [one.result() for one in [pool.submit(change) for _ in range(2)]]
    assert sorted(done) == ["changed", "stale_version"]


def in_force() -> Policy:
    with db.reading() as session:
        return policy_in_force(session)
