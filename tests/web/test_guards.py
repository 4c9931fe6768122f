"""Guards and the way back from the sign-in."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.rules import SignedIn
from azora_admin.web.guards import safe_next
from azora_admin.web.navigation import role_words, workspace_named, workspaces_of

# What an address that leads elsewhere is made of, and what browsers drop, change or read in two ways.
PIECES: Final = (
    *"/ // \\ . .. ; ? # @ : & = % evil.test http: https: javascript: data: //evil.test \\\\evil.test".split(),
    *"%2F %5C %09 %0A %0D %00 %2e%2e [::1] admin payments?q=x 日本 é".split(),
    *"\t\n\r\x00\x0b\x1f \x7f\x85\xa0\u2028\u202e\ufeff\uff0f\u3002\u2215\ud800",
)
pieces = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=6).map("".join)
# Most begin as one that may pass, or nothing but the first sign would ever be looked at.
targets = st.builds(lambda first, rest: first + rest, st.sampled_from(["/", "/", "/", "/a", ""]), pieces)


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
        "/ /evil.test",
        "/a\u202eb",
        "/\ud800",
        "/\x85/evil.test",
    ],
)
def test_anything_that_could_lead_elsewhere_is_no_next_page(target: str | None) -> None:
    assert safe_next(target) is None


@settings(max_examples=1500)
@given(targets)
def test_what_passes_is_a_path_as_every_browser_reads_it(target: str) -> None:
    if (passed := safe_next(target)) is not None:
        assert passed == target
        assert not _leads_elsewhere(passed)
        passed.encode()  # a header can be made of it


@given(st.text(), st.text())
def test_a_mere_path_of_letters_digits_and_dashes_always_passes(path: str, query: str) -> None:
    own = re.sub(r"[^\w-]", "", path, flags=re.ASCII)
    asked = re.sub(r"[^\w-]", "", query, flags=re.ASCII)
    assert safe_next(f"/{own}?q={asked}") == f"/{own}?q={asked}"


def _leads_elsewhere(target: str) -> bool:
    """What the URL standard's parser makes of ``target`` on an http page: drop, turn, look for a host or a scheme."""
    seen = re.sub(r"[\t\n\r]", "", target.strip("".join(map(chr, range(33))))).replace("\\", "/")
    return seen.startswith("//") or not seen.startswith("/")


def test_an_address_longer_than_any_of_ours_is_no_next_page() -> None:
    assert safe_next("/" + "x" * 2047) is not None
    assert safe_next("/" + "x" * 2048) is None


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
