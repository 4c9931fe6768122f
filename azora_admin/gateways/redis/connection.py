"""The way to Redis, which may go away at any time: whoever asks is told None, and soon.

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

_SECONDS: Final = 0.2
_FIRST_WAIT: Final = 0.5
_LONGEST_WAIT: Final = 5.0


class RedisConnection:
    """The Redis at ``url``; ``away`` and ``back`` tell the log what its users do without it, and with it again."""

    def __init__(self, url: str, *, away: str, back: str) -> None:
        self.client: Any = redis.Redis.from_url(
            url,
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._absence = _Absence(away=away, back=back)

    def ask(self, question: Callable[[], T], *, insist: bool = False) -> T | None:
        """The answer, or None without one. ``insist``: ask even while Redis is taken to be away."""
        db.forbid_inside_transaction()
        began = time.monotonic()
        if not self._absence.may_ask(began) and not insist:
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

    def __init__(self, *, away: str, back: str) -> None:
        self._away = away
        self._back = back
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
            log.warning("Redis is out of reach, and %s: %s", self._away, error)

    def end(self) -> None:
        """Redis has answered."""
        if not self._wait:
            return
        with self._lock:
            self._wait = 0.0
        log.warning("Redis is back: %s", self._back)
