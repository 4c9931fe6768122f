"""How far somebody came, and when a step may have happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.errors import Invalid
from azora_admin.marketplace.rules.learning import Progress, check_time

ENROLLED = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
NOW = ENROLLED + timedelta(days=10)


@given(lessons=st.integers(1, 500), completed=st.integers(0, 500))
def test_all_of_it_and_nothing_less_is_a_hundred_per_cent(lessons: int, completed: int) -> None:
    completed = min(completed, lessons)
    percent = Progress(lessons, completed, completed).percent
    assert 0 <= percent <= 100
    assert (percent == 100) == (completed == lessons)
    assert (percent == 0) == (completed * 100 < lessons)


def test_a_course_without_lessons_has_no_progress() -> None:
    assert Progress(0, 0, 0).percent == 0


@given(seconds=st.integers(0, 864_000))
def test_a_step_may_have_happened_at_any_time_since_the_enrolment(seconds: int) -> None:
    check_time(ENROLLED + timedelta(seconds=seconds), enrolled_at=ENROLLED, now=NOW, field="opened_at")


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW + timedelta(minutes=6), "in_the_future"),
        (ENROLLED - timedelta(minutes=6), "before_enrolment"),
        (datetime.min.replace(tzinfo=UTC), "before_enrolment"),
        (datetime.max.replace(tzinfo=UTC), "in_the_future"),
    ],
)
def test_and_at_no_other(at: datetime, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_time(at, enrolled_at=ENROLLED, now=NOW, field="opened_at")
    assert [(one.field, one.code) for one in refused.value.errors] == [("opened_at", code)]


def test_a_clock_that_is_a_little_ahead_is_none_of_the_learners_faults() -> None:
    check_time(NOW + timedelta(minutes=4), enrolled_at=ENROLLED, now=NOW, field="opened_at")
