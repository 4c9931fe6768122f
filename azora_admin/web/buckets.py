"""Where requests are counted: in this process, and in Redis too when there is one, so that all processes share a limit.

A bucket is a count over a window of fixed length; its windows begin at the same time in every process, and at another
time than other buckets', so that not everybody who was told to wait comes back in the same second.

This process counts always, and the larger of both counts holds. So Redis, together, lets through what the limit says,
and whatever becomes of Redis (away, back, back and empty), no process lets through more than the limit in a window:
processes without Redis, together, at the most the limit for each of them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Final, Protocol
from zlib import crc32

from limits.storage import Storage

from azora_admin.core import clock

SCHEME: Final = "azora"
# About 250 bytes each.
_MOST: Final = 200_000
_SWEPT_FROM: Final = 10_000


class Shared(Protocol):
    """Counters that all processes see; None: they can't be reached just now."""

    def add(self, key: str, amount: int, *, seconds: float) -> int | None: ...

    def read(self, key: str) -> int | None: ...

    def end(self, key: str) -> None: ...

    def is_there(self) -> bool: ...


@dataclass(slots=True)
class _Bucket:
    """What this process counted in a window; ``ends_at`` in seconds since 1970."""

    count: int
    ends_at: float


class Buckets(Storage):
    """The storage that Flask-Limiter counts in. Nothing in it raises because Redis is away.

    Of more than ``most`` buckets, those are forgotten whose window is over, and if need be those that began first.
    """

    STORAGE_SCHEME = [SCHEME]  # noqa: RUF012  # the library's own name for it

    def __init__(
        self, uri: str | None = None, *, redis_url: str = "", most: int = _MOST, **options: Any
    ) -> None:
        super().__init__(uri, **options)
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}
        self._most = most
        self._sweep_at = min(_SWEPT_FROM, most)
        self._shared = _shared(redis_url) if redis_url else None

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return ()

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """The count of the bucket ``key`` after ``amount`` more, in its window of ``expiry`` seconds."""
        now = _now()
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None or bucket.ends_at <= now:
                bucket = self._begin(key, expiry, now)
            bucket.count += amount
            own, left = bucket.count, bucket.ends_at - now
        shared = self._shared.add(key, amount, seconds=left) if self._shared else None
        return own if shared is None else max(own, shared)

    def get(self, key: str) -> int:
        """The count of the bucket ``key``."""
        bucket = self._buckets.get(key)
        own = bucket.count if bucket and bucket.ends_at > _now() else 0
        shared = self._shared.read(key) if self._shared else None
        return own if shared is None else max(own, shared)

    def get_expiry(self, key: str) -> float:
        """When the window of the bucket ``key`` ends, in seconds since 1970; now, where none has begun."""
        bucket = self._buckets.get(key)
        return max(bucket.ends_at, _now()) if bucket else _now()

    def check(self) -> bool:
        """Whether what is counted here is what all processes count."""
        return self._shared is None or self._shared.is_there()

    def reset(self) -> int:
        """Forget what this process counted. Returns how many buckets that were."""
        with self._lock:
            known = len(self._buckets)
            self._buckets.clear()
        return known

    def clear(self, key: str) -> None:
        """Let the bucket ``key`` begin anew, for all processes."""
        with self._lock:
            self._buckets.pop(key, None)
        if self._shared:
            self._shared.end(key)

    def _begin(self, key: str, seconds: int, now: float) -> _Bucket:
        if len(self._buckets) >= self._sweep_at:
            self._sweep(now)
        self._buckets.pop(key, None)  # so that the order is that of the beginnings
        begun = self._buckets[key] = _Bucket(0, _end_of_window(key, seconds, now))
        return begun

    def _sweep(self, now: float) -> None:
        live = [(key, bucket) for key, bucket in self._buckets.items() if bucket.ends_at > now]
        self._buckets = dict(live[-self._most * 3 // 4 :])
        # Twice as many as are live, so that looking at all of them costs each new one the same.
        self._sweep_at = min(max(_SWEPT_FROM, 2 * len(self._buckets)), self._most)


def _shared(url: str) -> Shared:
    from azora_admin.gateways.redis.counters import SharedCounters

    return SharedCounters(url)


def _end_of_window(key: str, seconds: int, now: float) -> int:
    phase = crc32(key.encode()) % seconds
    return ((int(now) - phase) // seconds + 1) * seconds + phase


def _now() -> float:
    return clock.now().timestamp()
