"""What the audit log keeps of a change: one text for one state, and never a secret."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.money import Money
from azora_admin.identity.rules.audit import LONGEST_VALUE, Subject, canonical, check_act, is_secret

ONE_ID = UUID("01890000-0000-7000-8000-000000000001")
NAMES = st.text("abcdefgh_", min_size=1, max_size=8)
PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=40)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4)
)


def test_nothing_stays_nothing() -> None:
    assert canonical(None) is None
    assert canonical({}) == "{}"


def test_what_json_does_not_know_is_said_in_its_words() -> None:
    facts = {
        "roles": frozenset({"learner", "admin"}),
        "id": ONE_ID,
        "price": Money(4900, "usd"),
        "at": datetime(2026, 7, 1, 12, tzinfo=UTC),
        "on": date(2026, 7, 1),
        "share": Decimal("0.70"),
        "open": True,
        "steps": (1, 2),
    }
    assert canonical(facts) == (
        '{"at":"2026-07-01T12:00:00+00:00","id":"01890000-0000-7000-8000-000000000001","on":"2026-07-01",'
        '"open":true,"price":{"amount_minor":4900,"currency":"usd"},"roles":["admin","learner"],"share":"0.70",'
        '"steps":[1,2]}'
    )


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_the_order_in_which_fields_are_named_does_not_matter(facts: dict[str, object]) -> None:
    assert canonical(facts) == canonical(dict(reversed(facts.items())))


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_the_text_is_ascii_without_control_characters(facts: dict[str, object]) -> None:
    told = canonical(facts)
    assert told is not None
    assert all(32 <= ord(sign) < 127 for sign in told)


def test_a_long_text_is_kept_by_its_beginning_and_what_proves_the_rest() -> None:
    first, second = canonical({"text": "x" * 9000}), canonical({"text": "x" * 8999 + "y"})
    assert first is not None
    assert len(first) < LONGEST_VALUE + 200
    assert "9000 characters" in first
    assert first != second


@pytest.mark.parametrize("value", [1.5, b"bytes", object()])
def test_what_has_no_one_form_is_refused_by_its_name(value: object) -> None:
    with pytest.raises(TypeError, match=r"^plan\.price is a "):
        canonical({"plan": {"price": value}})


@pytest.mark.parametrize(
    "name",
    "password password_hash new-password passwordHash client_secret clientSecret access_token key api_key totp_seed "
    "recovery_codes token_hash Authorization session_cookie pin keys".split(),
)
def test_a_field_that_would_tell_a_secret_is_refused(name: str) -> None:
    assert is_secret(name)
    for facts in ({name: "x"}, {"deeper": {name: "x"}}, {"in": [{name: "x"}]}):
        with pytest.raises(ValueError, match=f"keeps no secrets: .*{name}"):
            canonical(facts)


@pytest.mark.parametrize(
    "name",
    "password_changed_at key_id key_prefix token_ids secret_name keyboard email roles monkey status code "
    "tokens_amount".split(),
)
def test_a_field_that_only_speaks_about_one_is_kept(name: str) -> None:
    assert not is_secret(name)
    assert canonical({name: "x"}) == f'{{"{name}":"x"}}'


@pytest.mark.parametrize("act", ["person.roles_changed", "course.split.agreed"])
def test_an_act_is_a_noun_and_what_was_done_to_it(act: str) -> None:
    assert check_act(act) == act


@pytest.mark.parametrize(
    "act", ["", "person", "Person.added", "person.", ".added", "person.added ", "person added"]
)
def test_anything_else_is_no_act(act: str) -> None:
    with pytest.raises(ValueError, match="not an act"):
        check_act(act)


@pytest.mark.parametrize(("kind", "identity"), [("", "1"), ("Person", "1"), ("person", ""), ("a b", "1")])
def test_a_subject_has_a_kind_and_an_id(kind: str, identity: str) -> None:
    with pytest.raises(ValueError, match="not a subject"):
        Subject(kind, identity)
