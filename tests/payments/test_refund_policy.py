"""What a refund policy says: the same for a request and for a simulation, and stricter is never kinder."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.errors import Conflict, Invalid
from azora_admin.core.money import Money
from azora_admin.payments.rules.refund_policy import (
    OUTCOMES,
    Asked,
    Policy,
    check_change,
    check_policy,
    days_since,
    digest_of,
    judge,
    refuse_unsimulated,
)
from azora_admin.payments.rules.refund_requests import (
    LEARNER_REASONS,
    check_wish,
    refund_reason,
    refuse_outside,
)
from azora_admin.payments.rules.refunds import REASONS

PAID = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
FIRST = Policy(1, 14, 30, Money(5000, "usd"), "14 days")

amounts = st.integers(1, 20_000)
moneys = st.builds(Money, amounts, st.sampled_from(["usd", "eur"]))
policies = st.builds(
    Policy,
    st.just(1),
    st.integers(0, 60),
    st.integers(0, 100),
    st.none() | moneys,
    st.just("words"),
)


@st.composite
def wishes(draw: st.DrawFn) -> Asked:
    currency = draw(st.sampled_from(["usd", "eur"]))
    return Asked(
        days=draw(st.integers(0, 70)),
        progress=draw(st.integers(0, 100)),
        amount=Money(draw(amounts), currency),
        refunded=Money(draw(st.integers(0, 20_000)), currency),
    )


@given(policies, wishes())
def test_outside_is_what_a_limit_says_and_automatic_what_is_small_besides(
    policy: Policy, asked: Asked
) -> None:
    verdict = judge(policy, asked)
    is_outside = asked.days > policy.days or asked.progress > policy.most_progress
    assert (verdict.outcome == "outside") is is_outside
    if verdict.outcome == "automatic":
        assert policy.automatic_up_to is not None
        assert policy.automatic_up_to.currency == asked.amount.currency
        assert (asked.refunded + asked.amount).amount <= policy.automatic_up_to.amount


@given(policies, wishes(), st.integers(0, 10), st.integers(0, 10), amounts)
def test_who_asks_later_further_on_or_for_more_is_never_treated_better(
    policy: Policy, asked: Asked, days: int, progress: int, more: int
) -> None:
    later = replace(
        asked,
        days=asked.days + days,
        progress=min(asked.progress + progress, 100),
        amount=Money(asked.amount.amount + more, asked.amount.currency),
    )
    assert OUTCOMES.index(judge(policy, later).outcome) >= OUTCOMES.index(judge(policy, asked).outcome)


@given(st.lists(amounts, min_size=1, max_size=6))
def test_parts_do_not_get_around_what_goes_back_by_itself(parts: list[int]) -> None:
    refunded = 0
    for part in parts:
        asked = Asked(0, 0, Money(part, "usd"), Money(refunded, "usd"))
        if judge(FIRST, asked).outcome == "automatic":
            refunded += part
    assert refunded <= 5000


def test_a_refusal_names_the_limit_and_the_figures() -> None:
    verdict = judge(FIRST, Asked(15, 31, Money(1, "usd"), Money(0, "usd")))
    assert verdict.sentence == (
        "It was paid 15 days ago, and the refund policy allows 14 days."
        " 31% of the course is completed, and the refund policy allows 30%."
    )
    with pytest.raises(Conflict, match="You can still ask") as refused:
        refuse_outside(verdict, despite_policy=False)
    assert refused.value.code == "outside_refund_policy"
    refuse_outside(verdict, despite_policy=True)


@pytest.mark.parametrize(
    ("after", "days"), [(-5, 0), (0, 0), (23, 0), (24, 1), (14 * 24 + 23, 14), (15 * 24, 15)]
)
def test_days_are_whole_ones_since_the_payment(after: int, days: int) -> None:
    assert days_since(PAID, PAID + timedelta(hours=after)) == days


def test_a_policy_that_cannot_be_names_each_field() -> None:
    with pytest.raises(Invalid) as refused:
        check_change(Policy(2, 366, 101, Money(0, "usd"), " "), "")
    named = ["days", "most_progress", "automatic_up_to", "text"]
    assert [one.field for one in refused.value.errors] == [*named, "why"]
    with pytest.raises(Invalid) as simulated:
        check_policy(Policy(2, 366, 101, Money(0, "usd"), " "))
    assert [one.field for one in simulated.value.errors] == named
    assert check_change(Policy(2, 0, 0, None, " a\n b "), " c ") == (Policy(2, 0, 0, None, "a b"), "c")


@given(policies, policies, st.integers(1, 3), st.integers(1, 3))
def test_a_simulation_is_named_by_its_values_and_by_the_version_it_follows(
    one: Policy, other: Policy, first: int, second: int
) -> None:
    one, other = replace(one, version=first), replace(other, version=second)
    assert (digest_of(one) == digest_of(other)) == (one == other)
    assert digest_of(one) == digest_of(replace(one, text=f" {one.text}\n"))
    assert digest_of(one) != digest_of(replace(one, text=f"{one.text}."))


@pytest.mark.parametrize(
    ("changed", "in_force", "code"),
    [
        ({}, 1, None),
        ({"days": 13}, 1, "not_simulated"),
        ({"most_progress": 31}, 1, "not_simulated"),
        ({"automatic_up_to": None}, 1, "not_simulated"),
        ({"automatic_up_to": Money(5000, "eur")}, 1, "not_simulated"),
        ({"text": "15 days"}, 1, "not_simulated"),
        ({}, 2, "stale_version"),
        ({"version": 3}, 2, "not_simulated"),
        ({"version": 3}, 1, "stale_version"),
    ],
)
def test_what_is_not_what_was_simulated_is_refused(
    changed: dict[str, Any], in_force: int, code: str | None
) -> None:
    simulated = digest_of(replace(FIRST, version=2))
    wanted = replace(FIRST, **{"version": 2, **changed})
    if code is None:
        refuse_unsimulated(wanted, simulated=simulated, in_force=in_force)
        return
    with pytest.raises(Conflict) as refused:
        refuse_unsimulated(wanted, simulated=simulated, in_force=in_force)
    assert refused.value.code == code


def test_a_wish_that_cannot_be_names_each_field() -> None:
    with pytest.raises(Invalid) as refused:
        check_wish(reason="mood", note="x" * 501 + "\0")
    assert [one.field for one in refused.value.errors] == ["reason", "note", "note"]
    assert {refund_reason(reason) for reason in LEARNER_REASONS} <= set(REASONS)
