"""What an entry of the audit log shows of before and after."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.identity.rules.audit_changes import NOTHING, Change, changes

FACTS = st.dictionaries(
    st.text("abc", min_size=1, max_size=2),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", min_size=1), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    max_size=5,
)


def test_what_was_made_is_added_and_what_went_is_removed() -> None:
    facts = {"name": "Ada", "roles": ["admin", "learner"]}
    assert changes(None, facts) == [
        Change("name", "added", (), ("Ada",)),
        Change("roles", "added", (), ["admin", "learner"]),
    ]
    assert changes(facts, None) == [
        Change("name", "removed", ("Ada",), ()),
        Change("roles", "removed", ["admin", "learner"], ()),
    ]
    assert changes(None, None) == []


def test_of_a_list_only_the_difference_is_told() -> None:
    assert changes({"roles": ["a", "b", "c"]}, {"roles": ["b", "c", "d"]}) == [
        Change("roles", "changed", ["a"], ["d"])
    ]


def test_a_list_in_another_order_is_told_as_a_whole() -> None:
    assert changes({"steps": ["a", "b"]}, {"steps": ["b", "a"]}) == [
        Change("steps", "changed", ("a, b",), ("b, a",))
    ]


def test_what_changed_stands_before_what_went_came_and_stayed() -> None:
    found = changes({"a": 1, "b": 1, "c": 1}, {"b": 1, "c": 2, "d": 1})
    assert [(change.field, change.kind) for change in found] == [
        ("c", "changed"),
        ("a", "removed"),
        ("d", "added"),
        ("b", "kept"),
    ]


def test_a_field_of_a_field_is_named_with_both() -> None:
    assert changes({"plan": {"seats": 5, "name": "x"}}, {"plan": {"seats": 6, "name": "x"}}) == [
        Change("plan.seats", "changed", ("5",), ("6",)),
        Change("plan.name", "kept", (), ("x",)),
    ]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"amount_minor": 4900, "currency": "usd"}, "$49.00"),
        ({"amount_minor": 4900, "currency": "doge"}, "4900 doge"),
        ({"amount_minor": "many", "currency": "usd"}, "many usd"),
        (True, "yes"),
        (False, "no"),
        (0, "0"),
        (None, NOTHING),
        ("", NOTHING),
        ([], NOTHING),
        ({}, NOTHING),
    ],
)
def test_a_value_is_told_in_words(value: object, words: str) -> None:
    assert changes(None, {"field": value}) == [Change("field", "added", (), (words,))]


def test_a_part_of_a_list_may_have_fields() -> None:
    (change,) = changes(None, {"shares": [{"party": "a", "points": 70}, {"party": "b", "points": 30}]})
    assert change.gained == ["party: a; points: 70", "party: b; points: 30"]


def test_a_flag_is_no_number() -> None:
    assert changes({"open": 1}, {"open": True}) == [Change("open", "changed", ("1",), ("yes",))]


@given(FACTS)
def test_nothing_changes_between_a_state_and_itself(facts: dict[str, object]) -> None:
    assert all(change.kind == "kept" for change in changes(facts, facts))


@given(FACTS, FACTS)
def test_backwards_what_was_gained_is_lost(old: dict[str, object], new: dict[str, object]) -> None:
    there = {change.field: change for change in changes(old, new) if change.kind != "kept"}
    back = {change.field: change for change in changes(new, old) if change.kind != "kept"}
    assert {field: (list(one.lost), list(one.gained)) for field, one in there.items()} == {
        field: (list(one.gained), list(one.lost)) for field, one in back.items()
    }
