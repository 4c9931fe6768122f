"""Counters that all processes share. Redis may go away at any time: whoever asks is told None, and soon."""

from __future__ import annotations

from typing import Final

from azora_admin.gateways.redis.connection import RedisConnection

PREFIX: Final = "azora:count:"
# The counter and its end at once: one that began and never ended would count for ever.
_ADD: Final = """
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if count == tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] * 1000)) end
return count
"""


class SharedCounters:
    """The counters in the Redis at ``url``. Every method answers None while it is away."""

    def __init__(self, url: str) -> None:
        self._redis = RedisConnection(
            url, away="this process counts for itself", back="processes count together again"
        )
        self._client = self._redis.client
        self._add = self._client.register_script(_ADD)

    def add(self, key: str, amount: int, *, seconds: float) -> int | None:
        """The counter after ``amount`` more. One that begins with this lasts ``seconds``."""
        return self._redis.ask(lambda: int(self._add([PREFIX + key], [amount, seconds])))

    def read(self, key: str) -> int | None:
        """The counter, nought where there is none."""
        return self._redis.ask(lambda: int(self._client.get(PREFIX + key) or 0))

    def end(self, key: str) -> None:
        """Let the counter begin anew."""
        self._redis.ask(lambda: self._client.delete(PREFIX + key))

    def is_there(self) -> bool:
        """Whether Redis answers."""
        return bool(self._redis.ask(self._client.ping))
