"""Buckets: counted exactly, over windows of their own, in bounded memory, with Redis and without."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from azora_admin.core import clock
from azora_admin.core.clock import FixedClock
from azora_admin.web import buckets
from azora_admin.web.buckets import Buckets
from tests.gateways.redis.server import RedisServer

MINUTE = 60


def test_a_bucket_counts_until_its_window_ends_and_then_from_nought(test_clock: FixedClock) -> None:
    counted = Buckets()
    assert [counted.incr("a", MINUTE) for _ in range(3)] == [1, 2, 3]
    left = counted.get_expiry("a") - clock.now().timestamp()
    assert 0 < left <= MINUTE
    test_clock.advance(timedelta(seconds=left - 0.001))
    assert counted.get("a") == 3
    test_clock.advance(timedelta(seconds=0.002))
    assert counted.get("a") == 0
    assert counted.incr("a", MINUTE) == 1


def test_windows_begin_at_the_same_time_in_every_process_and_at_another_in_every_bucket(
    test_clock: FixedClock,
) -> None:
    one, other = Buckets(), Buckets()
    ends = set()
    for number in range(50):
        one.incr(f"bucket {number}", MINUTE)
        test_clock.advance(timedelta(milliseconds=1))
        other.incr(f"bucket {number}", MINUTE)
        assert one.get_expiry(f"bucket {number}") == other.get_expiry(f"bucket {number}")
        ends.add(round(one.get_expiry(f"bucket {number}")))
    assert len(ends) > 20


def test_threads_count_exactly() -> None:
    counted = Buckets()
    with ThreadPoolExecutor(16) as threads:
        seen = list(threads.map(lambda _: counted.incr("a", 3600), range(4000)))
    assert sorted(seen) == list(range(1, 4001))


def test_however_many_come_the_memory_is_bounded_and_whoever_came_last_is_still_known() -> None:
    counted = Buckets(most=1000)
    for number in range(5000):
        counted.incr(f"address:{number}", 3600)
        assert len(counted._buckets) <= 1000
    assert counted.get(f"address:{number}") == 1


def test_windows_that_are_over_are_forgotten_before_any_that_is_not(test_clock: FixedClock) -> None:
    counted = Buckets()
    counted.incr("long", 3600 * 24 * 30)
    for number in range(buckets._SWEPT_FROM - 1):
        counted.incr(f"a {number}", MINUTE)
    test_clock.advance(timedelta(seconds=MINUTE))
    counted.incr("one more", MINUTE)
    assert set(counted._buckets) == {"long", "one more"}


def test_with_redis_processes_count_together_and_without_each_goes_on_from_what_it_counted(
    redis_server: RedisServer,
) -> None:
    one, other = (Buckets(redis_url=redis_server.url) for _ in range(2))
    assert [one.incr("a", 3600), other.incr("a", 3600), one.incr("a", 3600)] == [1, 2, 3]
    assert other.get("a") == 3
    redis_server.kill()
    assert [one.incr("a", 3600), other.incr("a", 3600)] == [3, 2]
    assert (one.get("a"), one.check()) == (3, False)


def test_a_redis_that_came_back_empty_lets_no_process_begin_anew(redis_server: RedisServer) -> None:
    counted = Buckets(redis_url=redis_server.url)
    for _ in range(5):
        counted.incr("a", 3600)
    redis_server.kill()
    redis_server.start()
    assert counted.incr("a", 3600) == 6


def test_a_bucket_can_be_begun_anew_for_all(redis_server: RedisServer) -> None:
    one, other = (Buckets(redis_url=redis_server.url) for _ in range(2))
    one.incr("a", 3600)
    one.clear("a")
    assert (one.get("a"), other.get("a"), one.reset()) == (0, 0, 0)
