"""Which days a list is narrowed to, as its address says: a name like ``7d``, or a first and a last day, in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from azora_admin.core import clock
from azora_admin.web import filters
from azora_admin.web.forms import FormError

# Where the days are chosen, which is what an error leads to.
CHIP: Final = "by-date-chip"
NAMED: Final = {
    "today": ("Today", 1),
    "7d": ("Last 7 days", 7),
    "28d": ("Last 28 days", 28),
    "90d": ("Last 90 days", 90),
}
CHOICES: Final = tuple((key, words) for key, (words, _) in NAMED.items())


@dataclass(frozen=True, slots=True)
class Days:
    """``name`` is one of ``NAMED``, or empty with days of one's own; both days are within, None is open."""

    name: str = ""
    first_on: date | None = None
    last_on: date | None = None

    @property
    def own_first(self) -> date | None:
        return None if self.name else self.first_on

    @property
    def own_last(self) -> date | None:
        return None if self.name else self.last_on

    @property
    def words(self) -> str:
        """What is chosen, as people say it; empty for any time."""
        if self.name:
            return NAMED[self.name][0]
        if self.first_on and self.last_on:
            return f"{filters.day_text(self.first_on)} – {filters.day_text(self.last_on)}"
        if self.first_on:
            return f"from {filters.day_text(self.first_on)}"
        return f"until {filters.day_text(self.last_on)}" if self.last_on else ""

    def parameters(self) -> dict[str, str | None]:
        """The address's parameters that say this."""
        first, last = self.own_first, self.own_last
        return {
            "dates": self.name,
            "from": first.isoformat() if first else None,
            "to": last.isoformat() if last else None,
        }


def asked_days(arguments: Mapping[str, str]) -> Days:
    """The days that an address or a form asks for; what can't be read narrows nothing."""
    name = arguments.get("dates", "")
    if name in NAMED:
        today = clock.now().date()
        return Days(name, today - timedelta(days=NAMED[name][1] - 1), today)
    return Days("", _day(arguments.get("from")), _day(arguments.get("to")))


def day_problems(arguments: Mapping[str, str]) -> tuple[FormError, ...]:
    """What of the days can't be read: for lists that say so instead of narrowing nothing."""
    if arguments.get("dates") in NAMED:
        return ()
    days = _day(arguments.get("from")), _day(arguments.get("to"))
    problems = [
        FormError(CHIP, f"{name}: write a day as 2026-11-28.")
        for name, field, day in zip(("From", "To"), ("from", "to"), days, strict=True)
        if arguments.get(field) and day is None
    ]
    if days[0] and days[1] and days[0] > days[1]:
        problems.append(FormError(CHIP, "To: the last day is before the first one."))
    return tuple(problems)


def _day(text: str | None) -> date | None:
    """The day in ``text``, or None for anything else: half a date typed is no filter yet."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day is None or day < date.max else None  # a day that has a next one
