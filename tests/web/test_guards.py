"""Guards and the way back from the sign-in."""

from __future__ import annotations

import pytest

from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.rules import SignedIn
from azora_admin.web.guards import safe_next
from azora_admin.web.navigation import role_words, workspace_named, workspaces_of


def person(*roles: str) -> SignedIn:
    return SignedIn(None, PersonId(new_id()), "Amara Nwosu", "amara@azora.test", frozenset(roles))


@pytest.mark.parametrize("target", ["/admin/", "/admin/payments?q=a%20b&status=failed", "/account/#here"])
def test_a_path_on_this_site_may_be_the_next_page(target: str) -> None:
    assert safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "admin",
        "//evil.test",
        "/\\evil.test",
        "/a\\b",
        "https://evil.test",
        "javascript:alert(1)",
        "/\tevil",
        "/a\nSet-Cookie: x=y",
        " /admin",
    ],
)
def test_anything_that_could_lead_elsewhere_is_no_next_page(target: str | None) -> None:
    assert safe_next(target) is None


def test_people_see_the_workspaces_that_they_may_open() -> None:
    assert [one.blueprint for one in workspaces_of(person("finance"))] == ["admin", "account"]
    assert [one.blueprint for one in workspaces_of(person("instructor", "learner"))] == [
        "instructor",
        "account",
    ]
    assert [one.blueprint for one in workspaces_of(person("learner"))] == ["account"]


def test_a_page_of_no_workspace_shows_the_persons_own() -> None:
    assert workspace_named(None, person("instructor")).blueprint == "instructor"
    assert workspace_named("account", person("instructor")).blueprint == "account"


def test_roles_are_named_as_people_say_them() -> None:
    assert role_words(person("learner", "instructor")) == "Instructor, Learner"
