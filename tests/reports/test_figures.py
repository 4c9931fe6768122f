"""Periods, and how a change is to be read."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.reports.figures import Period, change_of, parts_of, rate_trend, trend


def test_a_period_is_of_whole_days_and_ends_with_today() -> None:
    period = Period.ending(date(2026, 7, 1), days=28)
    assert (period.first_on, period.length) == (date(2026, 6, 4), 28)
    assert period.starts_at == datetime(2026, 6, 4, tzinfo=UTC)
    assert period.ends_at == datetime(2026, 7, 2, tzinfo=UTC)
    assert period.days[0] == period.first_on
    assert period.days[-1] == period.last_on


@given(st.dates(date(2001, 1, 1), date(2100, 1, 1)), st.integers(1, 400))
def test_the_period_before_is_as_long_and_touches_it(last_on: date, days: int) -> None:
    period = Period.ending(last_on, days=days)
    assert period.previous.length == period.length
    assert period.previous.ends_at == period.starts_at


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**12))
def test_parts_are_rounded_to_the_nearest_basis_point(part: int, whole: int) -> None:
    assert abs(parts_of(part, whole) * whole - part * 10_000) * 2 <= whole
    assert parts_of(-part, whole) == -parts_of(part, whole)


def test_more_is_good_where_more_is_better_and_bad_where_less_is() -> None:
    assert trend((6, 6), (5, 5)).change == change_of(12, 10)
    grown = change_of(12, 10)
    assert grown is not None
    assert (grown.basis_points, grown.feeling, grown.said, grown.arrow) == (2000, "good", "up", "↑")
    worse = rate_trend(((2, 10),), ((1, 10),)).change
    assert worse is not None
    assert (worse.basis_points, worse.feeling, worse.is_points) == (1000, "bad", True)


def test_the_same_again_is_neither() -> None:
    change = change_of(10, 10)
    assert change is not None
    assert (change.feeling, change.said) == ("flat", "unchanged")


def test_with_nothing_before_there_is_no_change_to_speak_of() -> None:
    assert change_of(5, 0) is None
    assert rate_trend(((1, 2),), ((0, 0),)).change is None


@pytest.mark.parametrize(("days", "rate"), [(((1, 4), (0, 0)), 2500), (((0, 0),), 0)])
def test_a_rate_is_of_all_days_together(days: tuple[tuple[int, int], ...], rate: int) -> None:
    assert rate_trend(days, ()).now == rate
