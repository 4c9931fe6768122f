"""Copies of who a session's holder is, shared by all processes, so that a page need not ask PostgreSQL for it.

A copy counts for as long as nothing was told to have changed about its people, and at the most ``LONGEST``. Redis may
go away at any time: then there are no copies.

Each person has a stamp, which a copy takes over and which goes when something about the person changes. Whoever makes
a copy reads PostgreSQL between ``find`` and ``keep``; what changes in between would make it old before it is kept. So
each change, whoever's, makes a new moment, and a copy is kept only in the moment in which it was missed. Stamps and
moments are random, and a lost one matches nothing: eviction or an empty Redis can't make an old copy count again.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final

from azora_admin.core import db
from azora_admin.gateways.redis.connection import RedisConnection

log = logging.getLogger(__name__)

LONGEST: Final = timedelta(seconds=30)
PREFIX: Final = "azora:session:"
_COPY: Final = PREFIX + "copy:"
_STAMP: Final = PREFIX + "person:"
_MOMENT: Final = PREFIX + "moment"
# Stamps and the moment outlive every copy that was kept with them; a moment, every look at PostgreSQL.
_LASTING_MS: Final = 3_600_000
_NONCE: Final = 12

# A copy is a hash: what it says under "sealed", and each person's stamp under their id.
_FIND: Final = """
local function is_good(fields)
  for at = 1, #fields, 2 do
    local field, value = fields[at], fields[at + 1]
    if field ~= 'sealed' and redis.call('GET', ARGV[1] .. field) ~= value then return false end
  end
  return #fields > 0
end
redis.call('SET', KEYS[1], ARGV[2], 'NX', 'PX', ARGV[3])
local moment = redis.call('GET', KEYS[1])
if is_good(redis.call('HGETALL', KEYS[2])) then return {redis.call('HGET', KEYS[2], 'sealed'), moment} end
return {false, moment}
"""
_KEEP: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local fields = {'sealed', ARGV[2]}
for at = 7, #ARGV do
  local stamp = ARGV[4] .. ARGV[at]
  redis.call('SET', stamp, ARGV[5], 'NX')
  redis.call('PEXPIRE', stamp, ARGV[6])
  fields[#fields + 1], fields[#fields + 2] = ARGV[at], redis.call('GET', stamp)
end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], unpack(fields))
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return 1
"""


@dataclass(frozen=True, slots=True)
class Found:
    """The copy, if there is one that counts, and the moment of the look."""

    sealed: bytes | None
    moment: bytes


class SessionCopies:
    """The copies in the Redis at ``url``. What a copy says is sealed by whoever keeps it: Redis is not trusted."""

    def __init__(self, url: str) -> None:
        self._redis = RedisConnection(
            url, away="sessions are read from PostgreSQL", back="sessions are read from copies again"
        )
        self._client = self._redis.client
        self._find = self._client.register_script(_FIND)
        self._keep = self._client.register_script(_KEEP)

    def find(self, key: str) -> Found | None:
        """The copy under ``key``; None while Redis is away."""
        answer = self._redis.ask(
            lambda: self._find([_MOMENT, _COPY + key], [_STAMP, secrets.token_bytes(_NONCE), _LASTING_MS])
        )
        return Found(*answer) if answer else None

    def keep(self, key: str, sealed: bytes, *, people: Sequence[str], moment: bytes) -> bool:
        """Keep a copy of what PostgreSQL said about ``people`` after ``moment``. Returns whether it was kept."""
        values = [moment, sealed, LONGEST // timedelta(milliseconds=1)]
        stamps = [_STAMP, secrets.token_bytes(_NONCE), _LASTING_MS, *people]
        return bool(self._redis.ask(lambda: self._keep([_MOMENT, _COPY + key], values + stamps)))

    def forget(self, people: Sequence[str]) -> None:
        """Let no copy count in which one of ``people`` is, nor one that is being made just now, whoever's it is.

        Asked also while Redis is taken to be away: others may reach it. When it hears nothing, copies go on for
        ``LONGEST``, and the log says so.
        """
        # One command that Redis refuses not even when its memory is full.
        keys = [_MOMENT, *(_STAMP + person for person in people)]
        if self._redis.ask(lambda: self._client.delete(*keys), insist=True) is None:
            log.warning("Redis was not told who changed: pages may go by what was for %s s", LONGEST.seconds)


def current() -> SessionCopies | None:
    """The copies of what this process's database says; None where no Redis is configured."""
    url = db.current().redis_url
    return _at(url) if url else None


@lru_cache(maxsize=4)
def _at(url: str) -> SessionCopies:
    return SessionCopies(url)
