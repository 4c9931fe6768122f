"""The days that an address asks for."""

from __future__ import annotations

from datetime import date

import pytest

from azora_admin.core.clock import FixedClock
from azora_admin.web.days import Days, asked_days


@pytest.mark.parametrize(
    ("name", "first", "words"), [("today", 1, "Today"), ("7d", 25, "Last 7 days"), ("28d", 4, "Last 28 days")]
)
def test_a_name_means_days_until_today(test_clock: FixedClock, name: str, first: int, words: str) -> None:
    month = 7 if name == "today" else 6
    days = asked_days({"dates": name, "from": "2001-01-01"})
    assert days == Days(name, date(2026, month, first), date(2026, 7, 1))
    assert days.words == words
    assert days.parameters() == {"dates": name, "from": None, "to": None}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"from": "2026-06-01", "to": "2026-06-03"}, "1 Jun – 3 Jun"),
        ({"from": "2026-06-01"}, "from 1 Jun"),
        ({"to": "2025-06-03", "dates": "own"}, "until 3 Jun 2025"),
        ({}, ""),
    ],
)
def test_days_of_ones_own_say_themselves(test_clock: FixedClock, said: dict[str, str], words: str) -> None:
    days = asked_days(said)
    assert days.words == words
    told = {name: value for name, value in days.parameters().items() if value}
    assert told == {name: value for name, value in said.items() if name != "dates"}


@pytest.mark.parametrize("said", ["2026-06", "yesterday", "9999-12-31", "2026-02-30", "0", "\0"])
def test_what_is_no_day_narrows_nothing(said: str) -> None:
    assert asked_days({"from": said, "to": said}) == Days()
