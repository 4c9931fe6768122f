"""The table of permissions, and who may do what by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.rules import ROLES, Action, SignedIn
from azora_admin.identity.rules.permissions import PERMISSIONS, SCOPES, may_roles, permission_for

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def person(*roles: str) -> SignedIn:
    return SignedIn(None, PersonId(new_id()), "Amara Nwosu", "amara@azora.test", frozenset(roles))


def test_every_action_has_exactly_one_line_whose_roles_are_known() -> None:
    assert sorted(permission.action for permission in PERMISSIONS) == sorted(Action)
    assert all(permission.roles and permission.roles <= set(ROLES) for permission in PERMISSIONS)


def test_roles_add_up() -> None:
    assert not person("learner").may(Action.READ_EARNINGS)
    assert person("learner", "instructor").may(Action.READ_EARNINGS)
    assert not may_roles([], Action.READ_OWN)


def test_nobody_but_an_admin_gives_roles_or_keys() -> None:
    for action in (Action.CHANGE_ROLES, Action.KEEP_MACHINES):
        assert permission_for(action).roles == {"admin"}
        assert permission_for(action).dangerous


def test_a_key_may_do_what_its_scopes_name_and_no_more_than_its_owner() -> None:
    key = replace(person("learner"), scopes=frozenset({Action.READ_OWN, Action.READ_EARNINGS}))
    assert key.may(Action.READ_OWN)
    assert not key.may(Action.BUY)
    assert not key.may(Action.READ_EARNINGS)


def test_no_key_reaches_what_secures_a_person() -> None:
    assert Action.SECURE_OWN not in SCOPES
    assert not any(permission_for(scope).dangerous for scope in SCOPES)


@pytest.mark.parametrize("action", Action)
def test_through_other_eyes_nothing_is_changed(action: Action) -> None:
    seen = replace(person(*ROLES), seen_by=PersonId(new_id()))
    assert seen.may(action) is not permission_for(action).changes


def test_a_proof_is_fresh_for_ten_minutes() -> None:
    proved = replace(person("admin"), proved_at=NOW)
    assert proved.is_proved(NOW + timedelta(minutes=9, seconds=59))
    assert not proved.is_proved(NOW + timedelta(minutes=10))
    assert not person("admin").is_proved(NOW)
