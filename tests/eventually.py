"""Waiting for what another process does: ask again until it is so, or the time is up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(ask: Callable[[], T], *, within: float = 10.0, every: float = 0.02) -> T:
    """The first truthy answer of ``ask``. An AssertionError inside ``ask`` means "not yet".

    Raises AssertionError with the last answer or failure when ``within`` seconds are over.
    """
    deadline = time.monotonic() + within
    while True:
        failure: AssertionError | None = None
        answer: T | None = None
        try:
            answer = ask()
        except AssertionError as error:
            failure = error
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not so within {within} s; last answer: {answer!r}") from failure
        time.sleep(every)
