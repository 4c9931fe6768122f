"""Who must have a second factor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from azora_admin.core.errors import Conflict
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.rules import ROLES, SignedIn
from azora_admin.identity.rules.factors import (
    MOST_FACTORS,
    check_removal,
    check_room,
    must_enrol,
    must_have_factor,
)


def person(*roles: str, has_factor: bool = False) -> SignedIn:
    nobody = SignedIn(None, PersonId(new_id()), "Lena", "lena@example.com", frozenset(roles))
    return replace(nobody, has_factor=has_factor)


@pytest.mark.parametrize("role", ROLES)
def test_finance_and_admin_must_have_a_factor_where_one_is_required(role: str) -> None:
    assert must_have_factor([role], required=True) is (role in ("finance", "admin"))
    assert not must_have_factor([role], required=False)


def test_one_role_that_must_is_enough() -> None:
    assert must_have_factor(["learner", "finance"], required=True)


def test_whoever_must_and_has_none_has_to_set_one_up() -> None:
    assert must_enrol(person("admin"), required=True)
    assert not must_enrol(person("admin", has_factor=True), required=True)
    assert not must_enrol(person("admin"), required=False)
    assert not must_enrol(person("learner"), required=True)


def test_the_last_factor_stays_with_whoever_must_have_one() -> None:
    with pytest.raises(Conflict) as refused:
        check_removal(person("admin"), count=1, required=True)
    assert refused.value.code == "last_factor"
    check_removal(person("admin"), count=2, required=True)
    check_removal(person("admin"), count=1, required=False)
    check_removal(person("learner"), count=1, required=True)


def test_there_is_room_for_ten() -> None:
    check_room(MOST_FACTORS - 1)
    with pytest.raises(Conflict):
        check_room(MOST_FACTORS)
