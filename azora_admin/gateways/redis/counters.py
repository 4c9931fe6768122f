"""Counters that all processes share. Redis may go away at any time: whoever asks is told None, and soon.

Away, it is asked again after half a second, then ever more seldom, at the most every five; one thread asks, the others
go on without.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from azora_admin.core import db

log = logging.getLogger(__name__)

T = TypeVar("T")

PREFIX: Final = "azora:count:"
_SECONDS: Final = 0.2
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 5.0
# The counter and its end at once: one that began and never ended would count for ever.
_ADD: Final = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if count == tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] * 1000)) end
return count
"""


class SharedCounters:
    """The counters in the Redis at ``url``. Every method answers None while it is away."""

    def __init__(self, url: str) -> None:
        self._client: Any = redis.Redis.from_url(
            url,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._add = self._client.register_script(_ADD)
        self._absence = _Absence()

    def add(self, key: str, amount: int, *, seconds: float) -> int | None:
        """The counter after ``amount`` more. One that begins with this lasts ``seconds``."""
        return self._ask(lambda: int(self._add([PREFIX + key], [amount, seconds])))

    def read(self, key: str) -> int | None:
        """The counter, nought where there is none."""
        return self._ask(lambda: int(self._client.get(PREFIX + key) or 0))

    def end(self, key: str) -> None:
        """Let the counter begin anew."""
        self._ask(lambda: self._client.delete(PREFIX + key))

    def is_there(self) -> bool:
        """Whether Redis answers."""
        return bool(self._ask(self._client.ping))

    def _ask(self, question: Callable[[], T]) -> T | None:
        db.forbid_inside_transaction()
        began = time.monotonic()
        if not self._absence.may_ask(began):
            return None
        try:
            answer = question()
        except (RedisError, OSError) as error:
            self._absence.note(began, error)
            return None
        self._absence.end()
        return answer


class _Absence:
    """Whether Redis is away, and when somebody should ask again. Times are those of ``time.monotonic()``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wait = 0.0
        self._noted_at = 0.0
        self._ask_at = 0.0

    def may_ask(self, now: float) -> bool:
        """Whether to ask at ``now``; the one who is let through while Redis is away is the only one for a while."""
        if not self._wait:
            return True
        with self._lock:
            if now < self._ask_at:
                return False
            self._ask_at = now + self._wait
            return True

    def note(self, began: float, error: Exception) -> None:
        """Redis did not answer a question that was begun at ``began``; several may find out at once."""
        with self._lock:
            if began <= self._noted_at:
                return
            is_news = not self._wait
            self._wait = min(self._wait * 2 or _FIRST_WAIT, _LONGEST_WAIT)
            self._noted_at = time.monotonic()
            self._ask_at = self._noted_at + self._wait
        if is_news:
            log.warning("Redis is out of reach, and this process counts for itself: %s", error)

    def end(self) -> None:
        """Redis has answered."""
        if not self._wait:
            return
        with self._lock:
            self._wait = 0.0
        log.warning("Redis is back: processes count together again")
