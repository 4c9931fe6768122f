"""The time comes from one place, and a test can hold it."""

from __future__ import annotations

import contextvars
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from azora_admin.core import clock
from azora_admin.core.clock import FixedClock

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_the_time_is_aware_and_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_fixed_clock_moves_only_when_told() -> None:
    fixed = FixedClock(NOON)
    with clock.use(fixed):
        assert clock.now() == clock.now() == NOON
        fixed.advance(timedelta(days=1, microseconds=1))
        assert clock.now() == NOON + timedelta(days=1, microseconds=1)


def test_a_fixed_clock_tells_utc_wherever_it_was_set() -> None:
    india = FixedClock(datetime(2026, 7, 1, 17, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))))
    assert india.now() == NOON
    assert india.now().utcoffset() == timedelta(0)


def test_a_naive_time_is_no_time() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 7, 1, 12))  # noqa: DTZ001


def test_after_the_block_the_clock_before_it_goes_on_even_when_the_block_raised() -> None:
    outer, inner = FixedClock(NOON), FixedClock(NOON + timedelta(days=1))
    with clock.use(outer):
        with pytest.raises(KeyError), clock.use(inner):
            raise KeyError
        assert clock.now() == NOON
    assert clock.now() != NOON


def test_another_thread_keeps_its_own_time_unless_it_is_given_this_one() -> None:
    seen: list[datetime] = []
    with clock.use(FixedClock(NOON)):
        plain = threading.Thread(target=lambda: seen.append(clock.now()))
        given = threading.Thread(
            target=contextvars.copy_context().run, args=(lambda: seen.append(clock.now()),)
        )
        for thread in (plain, given):
            thread.start()
            thread.join()
    assert seen[0] != NOON
    assert seen[1] == NOON
