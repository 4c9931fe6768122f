"""The refund policy is simulated over history before it is changed, by the rule that will decide."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from azora_admin.core import clock, db
from azora_admin.core.money import Money
from azora_admin.payments.queries import policy_in_force
from azora_admin.payments.rules.refund_policy import Asked, Policy, judge
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


def test_a_policy_is_simulated_then_put_in_force_with_a_reason(finance: FlaskClient) -> None:
    page = finance.get("/admin/refunds/policy").text
    assert "Put version" not in page
    entered = fields(page) | {"days": "30", "automatic_up_to": "", "why": "Competitors give 30"}
    simulated = finance.post("/admin/refunds/policy/simulate", data=entered)
    assert "If everybody asked now" in simulated.text
    assert "Put version 2 in force" in simulated.text
    wrong = finance.post("/admin/refunds/policy", data=entered | {"days": "x"})
    assert '<a href="#days">Enter a whole number.</a>' in wrong.text
    assert finance.post("/admin/refunds/policy", data=entered | {"why": ""}).status_code == 422
    assert finance.post("/admin/refunds/policy", data=entered).status_code == 303
    with db.reading() as session:
        policy = policy_in_force(session)
    assert (policy.version, policy.days, policy.automatic_up_to) == (2, 30, None)
    stale = finance.post("/admin/refunds/policy", data=entered | {"idempotency_key": "late"})
    assert stale.status_code == 409
    assert "Competitors give 30" in finance.get("/admin/refunds/policy").text
