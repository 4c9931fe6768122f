"""The time, from one place, so that a test or a rehearsal can hold it still or move it on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Whatever can say what time it is, in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that moves only when it is told to."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a clock needs an aware time")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> None:
        self._at += by


_system = SystemClock()
_current: ContextVar[Clock | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The current time, aware, in UTC."""
    return (_current.get() or _system).now()


@contextmanager
def use(clock: Clock) -> Iterator[None]:
    """Within the block (this thread or task), ``now()`` asks ``clock``."""
    token = _current.set(clock)
    try:
        yield
    finally:
        _current.reset(token)
