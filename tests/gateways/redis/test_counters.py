"""Counters in Redis: shared while it is there; soon known to be away, and soon known to be back."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.gateways.redis.counters import SharedCounters
from tests.eventually import eventually
from tests.gateways.redis.server import RedisServer


def test_two_processes_count_together(redis_server: RedisServer) -> None:
    one, other = SharedCounters(redis_server.url), SharedCounters(redis_server.url)
    assert one.add("bucket", 1, seconds=60) == 1
    assert other.add("bucket", 2, seconds=60) == 3
    assert one.read("bucket") == 3
    assert one.read("another") == 0
    one.end("bucket")
    assert other.read("bucket") == 0


def test_a_counter_ends_when_its_time_is_over_however_often_it_was_counted_up(
    redis_server: RedisServer,
) -> None:
    counters = SharedCounters(redis_server.url)
    counters.add("short", 1, seconds=0.3)
    assert counters.add("short", 1, seconds=60) == 2
    eventually(lambda: counters.read("short") == 0, within=5)


def test_away_it_is_told_once_and_the_next_question_is_not_even_asked(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    counters = SharedCounters(redis_server.url)
    counters.add("bucket", 1, seconds=60)
    redis_server.kill()
    assert [counters.add("bucket", 1, seconds=60) for _ in range(50)] == [None] * 50
    assert not counters.is_there()
    assert [record.message.partition(",")[0] for record in caplog.records] == ["Redis is out of reach"]


def test_a_server_that_takes_a_question_and_stays_silent_holds_one_request_up_and_not_the_others(
    redis_server: RedisServer,
) -> None:
    counters = SharedCounters(redis_server.url)
    counters.add("bucket", 1, seconds=60)
    redis_server.hold()
    assert counters.add("bucket", 1, seconds=60) is None
    began = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: counters.add("bucket", 1, seconds=60), range(200))) == {None}
    # 200 silent questions would take 40 s by one thread, 5 s by eight.
    assert time.monotonic() - began < 2


def test_back_it_is_found_again_and_told(redis_server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    counters = SharedCounters(redis_server.url)
    redis_server.kill()
    assert counters.add("bucket", 1, seconds=60) is None
    redis_server.start()
    eventually(lambda: counters.add("bucket", 1, seconds=60), within=10)
    assert caplog.records[-1].message.startswith("Redis is back")


def test_inside_a_transaction_it_is_not_asked(
    redis_server: RedisServer, settings: Settings, database: db.Database
) -> None:
    counters = SharedCounters(redis_server.url)
    with db.transaction(), pytest.raises(RuntimeError):
        counters.read("bucket")
