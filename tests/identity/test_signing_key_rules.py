"""The times of a signing key: when it waits, signs, verifies and is gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from azora_admin.identity.rules import ACCESS_TOKEN_LIFE
from azora_admin.identity.rules.signing_keys import (
    CLOCK_SKEW,
    KEPT_BY_OTHERS,
    OVERLAP,
    READ_EVERY,
    VERIFIES_FOR,
    SigningKey,
    find_signer,
    find_waiting,
    is_due,
    new_pair,
    pair_bytes,
    pair_from,
    verifying,
)

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
PAIR = new_pair()[1]


def test_a_key_is_published_for_longer_than_anybody_may_go_without_looking() -> None:
    assert READ_EVERY + KEPT_BY_OTHERS + CLOCK_SKEW < OVERLAP
    assert VERIFIES_FOR >= ACCESS_TOKEN_LIFE + READ_EVERY + CLOCK_SKEW


@given(st.lists(st.integers(1, 400), min_size=1, max_size=6), st.integers(0, 3000))
def test_at_every_time_one_key_signs_and_all_that_have_signed_lately_verify(gaps: list[int], at: int) -> None:
    starts = [NOON]
    for gap in gaps:
        starts.append(starts[-1] + timedelta(minutes=gap))
    keys = [
        SigningKey(str(number), start, end, PAIR)
        for number, (start, end) in enumerate(zip(starts, [*starts[1:], None], strict=True))
    ]
    now = NOON + timedelta(minutes=at)
    signing = [key for key in keys if key.standing(now) == "signing"]
    assert signing == [find_signer(keys, now)]
    assert signing[0].active_from <= now
    for key in keys:
        signed_lately = key.active_from <= now and (
            key.retired_at is None or now - key.retired_at < ACCESS_TOKEN_LIFE + CLOCK_SKEW
        )
        assert key in verifying(keys, now) or not signed_lately
    assert find_waiting(keys, now) in [key for key in keys if key.active_from > now] or all(
        key.active_from <= now for key in keys
    )


def test_a_key_is_due_once_it_has_signed_for_its_time() -> None:
    key = SigningKey("a", NOON, None, PAIR)
    assert not is_due([], NOON, every=MONTH)
    assert not is_due([key], NOON + MONTH - timedelta(seconds=1), every=MONTH)
    assert is_due([key], NOON + MONTH, every=MONTH)
    assert not is_due([key, SigningKey("b", NOON + MONTH, None, PAIR)], NOON + MONTH, every=MONTH)


def test_a_key_pair_comes_back_as_it_was_kept() -> None:
    assert pair_from(pair_bytes(PAIR)).as_dict(private=True) == PAIR.as_dict(private=True)
