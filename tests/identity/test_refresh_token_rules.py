"""What a refresh token looks like, what it leads to, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.errors import Unauthenticated
from azora_admin.identity.rules.refresh_tokens import (
    APP_IDLE,
    APP_LONGEST,
    GRACE,
    check_family,
    is_refresh_token,
    successor,
    use_of,
    write_refresh_token,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)
SECRET = "a secret key for tests, thirty-two characters"
random_bytes = st.binary(min_size=32, max_size=32)


@given(random_bytes, random_bytes)
def test_a_token_says_what_it_is_and_different_ones_look_different(one: bytes, other: bytes) -> None:
    token = write_refresh_token(one)
    assert token.startswith("azr_")
    assert len(token) == len("azr_") + 43 + 6
    assert is_refresh_token(token)
    assert (token == write_refresh_token(other)) == (one == other)


@given(random_bytes, st.integers(0, 52), st.sampled_from("0aA_-é"))
def test_a_token_with_one_sign_changed_is_none(random: bytes, place: int, sign: str) -> None:
    token = write_refresh_token(random)
    changed = token[:place] + sign + token[place + 1 :]
    assert is_refresh_token(changed) == (changed == token)


@pytest.mark.parametrize(
    "text", ["", "azr_", "azr_" + "0" * 49, "azk_" + "0" * 49, "\0", "\ud800", "x" * 100_000]
)
def test_what_only_looks_like_a_token_is_none(text: str) -> None:
    assert not is_refresh_token(text)


@given(random_bytes)
def test_a_token_always_leads_to_the_same_one_which_leads_on(random: bytes) -> None:
    token = write_refresh_token(random)
    following = successor(token, secret_key=SECRET)
    assert is_refresh_token(following)
    assert following == successor(token, secret_key=SECRET)
    assert len({token, following, successor(following, secret_key=SECRET)}) == 3
    assert following != successor(token, secret_key=SECRET + "!")


def test_a_token_is_spent_once_repeated_for_a_while_and_then_reused() -> None:
    assert use_of(spent_at=None, now=NOON) == "first"
    assert use_of(spent_at=NOON, now=NOON) == "repeated"
    assert use_of(spent_at=NOON, now=NOON + GRACE) == "repeated"
    assert use_of(spent_at=NOON, now=NOON + GRACE + MOMENT) == "reused"
    # The clock of the process that spent it may be ahead.
    assert use_of(spent_at=NOON + timedelta(seconds=2), now=NOON) == "repeated"


def refusal(*, idle: timedelta = MOMENT, left: timedelta = APP_LONGEST, ended: bool = False) -> str:
    try:
        check_family(
            now=NOON, last_used_at=NOON - idle, expires_at=NOON + left, ended_at=NOON if ended else None
        )
    except Unauthenticated as refused:
        return refused.code
    return ""


def test_an_app_is_signed_in_until_it_is_ended_idle_or_old() -> None:
    assert refusal() == ""
    assert refusal(idle=APP_IDLE - MOMENT, left=MOMENT) == ""
    assert refusal(idle=APP_IDLE) == "refresh_token_expired"
    assert refusal(left=timedelta()) == "refresh_token_expired"
    assert refusal(left=-MOMENT, ended=True) == "session_ended"
