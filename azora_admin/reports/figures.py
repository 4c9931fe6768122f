"""Figures against an earlier period: how long the periods are, and how a change is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

Better = Literal["more", "less"]


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in UTC, from ``first_on`` to ``last_on``, both within."""

    first_on: date
    last_on: date

    @classmethod
    def ending(cls, last_on: date, *, days: int) -> Period:
        """The ``days`` days up to ``last_on``."""
        return cls(last_on - timedelta(days=days - 1), last_on)

    @property
    def length(self) -> int:
        return (self.last_on - self.first_on).days + 1

    @property
    def previous(self) -> Period:
        """As many days, right before this period."""
        return Period.ending(self.first_on - timedelta(days=1), days=self.length)

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.first_on, time.min, UTC)

    @property
    def ends_at(self) -> datetime:
        """The first moment after the period."""
        return datetime.combine(self.last_on + timedelta(days=1), time.min, UTC)

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(self.first_on + timedelta(days=count) for count in range(self.length))


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a figure. In basis points of the earlier one, or of the whole when ``is_points``."""

    basis_points: int
    better: Better
    is_points: bool = False

    @property
    def feeling(self) -> str:
        """``good``, ``bad`` or ``flat``."""
        if self.basis_points == 0:
            return "flat"
        return "good" if (self.basis_points > 0) == (self.better == "more") else "bad"

    @property
    def arrow(self) -> str:
        return "→" if self.basis_points == 0 else "↑" if self.basis_points > 0 else "↓"

    @property
    def said(self) -> str:
        return "unchanged" if self.basis_points == 0 else "up" if self.basis_points > 0 else "down"


@dataclass(frozen=True, slots=True)
class Trend:
    """A figure of a period, the same of the period before, and its course from day to day."""

    now: int
    before: int
    daily: tuple[int, ...]
    change: Change | None


def trend(now: tuple[int, ...], before: tuple[int, ...]) -> Trend:
    """The trend of amounts or counts where more is better, from the days of two periods."""
    total, earlier = sum(now), sum(before)
    return Trend(total, earlier, now, change_of(total, earlier))


def change_of(now: int, before: int) -> Change | None:
    """By how much ``now`` differs from ``before``; None where there was nothing to compare with."""
    return Change(parts_of(now - before, before), "more") if before > 0 else None


def rate_trend(now: tuple[tuple[int, int], ...], before: tuple[tuple[int, int], ...]) -> Trend:
    """The trend of a rate where less is better, in basis points; each day is (part, whole)."""
    rate, earlier = _rate(now), _rate(before)
    daily = tuple(parts_of(part, whole) if whole else 0 for part, whole in now)
    known = any(whole for _, whole in before)
    return Trend(rate, earlier, daily, Change(rate - earlier, "less", is_points=True) if known else None)


def parts_of(part: int, whole: int) -> int:
    """``part`` in basis points of ``whole`` (positive), halves away from zero."""
    sign = -1 if part < 0 else 1
    return sign * ((abs(part) * 20_000 + whole) // (2 * whole))


def _rate(days: tuple[tuple[int, int], ...]) -> int:
    part, whole = sum(day[0] for day in days), sum(day[1] for day in days)
    return parts_of(part, whole) if whole else 0
