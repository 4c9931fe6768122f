"""What an API key looks like, and what one may be made for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.errors import Invalid, Unauthenticated
from azora_admin.identity.rules.api_keys import (
    HANDLE_LENGTH,
    SECRET_LENGTH,
    check_new_key,
    handle_of,
    is_key,
    shown,
    standing_of,
    write_key,
)
from azora_admin.identity.rules.secret_texts import SIGNS, base62, has_checksum, with_checksum

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
HANDLE, SECRET = "abcDEF012345", "s" * SECRET_LENGTH
KEY = write_key(HANDLE, SECRET)


def refusal(text: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        handle_of(text)
    return refused.value.code


def complaints(**changes: object) -> list[tuple[str, str]]:
    """The fields that a key of a learner is refused for, with their codes."""
    asked = {"name": "Nightly export", "scopes": ["own:read"], "expires_at": None, **changes}
    with pytest.raises(Invalid) as refused:
        check_new_key(**asked, owner_roles=["learner"], now=NOON)  # type: ignore[arg-type]
    return [(one.field, one.code) for one in refused.value.errors]


def test_a_key_says_what_it_is_and_which() -> None:
    assert KEY.startswith("azk_abcDEF012345_ssss")
    assert len(KEY) == len("azk_") + HANDLE_LENGTH + len("_") + SECRET_LENGTH + 6
    assert is_key(KEY)
    assert handle_of(KEY) == HANDLE
    assert shown(HANDLE) == "azk_abcDEF012345"
    assert not is_key("eyJhbGciOiJFUzI1NiJ9.e30.x")


def test_a_key_is_the_same_wherever_it_is_checked() -> None:
    # A scanner that searches code for lost keys has this from our docs: it must never change.
    assert write_key("000000000000", "0" * 32) == "azk_000000000000_" + "0" * 32 + "2283uf"


@given(st.text(SIGNS, min_size=12, max_size=12), st.text(SIGNS, min_size=32, max_size=32), st.data())
def test_a_key_with_one_sign_changed_or_two_swapped_is_refused(
    handle: str, secret: str, data: st.DataObject
) -> None:
    key = write_key(handle, secret)
    place = data.draw(st.integers(0, len(key) - 1))
    sign = data.draw(st.sampled_from(SIGNS + "_-é").filter(lambda one: one != key[place]))
    assert refusal(key[:place] + sign + key[place + 1 :]) == "invalid_api_key"
    other = data.draw(st.integers(0, len(key) - 1).filter(lambda one: key[one] != key[place]))
    swapped = list(key)
    swapped[place], swapped[other] = swapped[other], swapped[place]
    assert refusal("".join(swapped)) == "invalid_api_key"


@given(st.integers(0, len(KEY) - 1))
def test_a_key_that_was_cut_short_is_refused(length: int) -> None:
    assert refusal(KEY[:length]) == "invalid_api_key"


@pytest.mark.parametrize(
    "text", ["", "azk_", "azk__", "azk_" + "x" * 100_000, "\0", "\ud800" * 60, KEY + "0", KEY + "\n"]
)
def test_what_only_looks_like_a_key_is_refused(text: str) -> None:
    assert refusal(text) == "invalid_api_key"


@given(st.integers(0, 62**6 - 1), st.integers(0, 62**6 - 1))
def test_base_62_keeps_numbers_apart_and_in_order(one: int, other: int) -> None:
    assert (base62(one, 6) < base62(other, 6)) == (one < other)
    assert len(base62(one, 6)) == 6


@given(st.text())
def test_a_checksum_proves_what_it_was_made_for(text: str) -> None:
    if text.isascii():
        assert has_checksum(with_checksum(text))
    else:
        assert not has_checksum(text)


@pytest.mark.parametrize("name", ["", " ", "x" * 81, "a\0b", "a\x1bb"])
def test_a_key_has_a_name(name: str) -> None:
    assert complaints(name=name) == [("name", "invalid_length")]


@pytest.mark.parametrize(
    "scopes", [[], ["everything"], ["own:read", "x"], ["own:security"], ["people:roles"]]
)
def test_a_key_is_for_something_that_keys_may_be_for(scopes: list[str]) -> None:
    assert complaints(scopes=scopes) == [("scopes", "unknown_scope")]


def test_a_key_is_for_nothing_that_its_owner_may_not_do() -> None:
    assert complaints(scopes=["own:read", "earnings:read"]) == [("scopes", "scope_not_allowed")]
    key = check_new_key(
        name="x", scopes=["earnings:read"], expires_at=None, owner_roles=["learner", "instructor"], now=NOON
    )
    assert key.scopes == {"earnings:read"}


@pytest.mark.parametrize("ago", [timedelta(), timedelta(days=1)])
def test_a_key_does_not_end_before_it_begins(ago: timedelta) -> None:
    assert complaints(expires_at=NOON - ago) == [("expires_at", "in_the_past")]


def test_every_field_that_is_wrong_is_named_at_once() -> None:
    wrong = complaints(name="", scopes=[], expires_at=NOON)
    assert [field for field, _ in wrong] == ["name", "scopes", "expires_at"]


def test_a_key_lives_until_its_end_or_its_revocation() -> None:
    moment = timedelta(microseconds=1)
    assert standing_of(now=NOON, expires_at=None, revoked_at=None) == "live"
    assert standing_of(now=NOON, expires_at=NOON + moment, revoked_at=None) == "live"
    assert standing_of(now=NOON, expires_at=NOON, revoked_at=None) == "expired"
    assert standing_of(now=NOON, expires_at=NOON, revoked_at=NOON) == "revoked"
