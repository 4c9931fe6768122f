"""Redis goes away and comes back while everybody asks: no request fails of it, and the limit holds.

The bound that is stated (docs/operations.md): with Redis, all processes together let a caller through as often as the
limit says; whatever becomes of Redis, none of them alone lets more through than that.
"""

from __future__ import annotations

import http.client
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.launch import home, processes
from azora_admin.launch.port import any_free_port
from tests.eventually import eventually
from tests.gateways.redis.server import RedisServer

pytestmark = pytest.mark.launch

LIMIT = 150
PROCESSES = 2
THREADS = 8
# Longer than a round of asking takes on a busy machine.
WINDOW_LEFT = 25


@dataclass(frozen=True)
class Site:
    """Two server processes on one port, behind a proxy that tells the address."""

    port: int
    addresses: Iterator[int]

    def ask(self, address: str) -> http.client.HTTPResponse:
        """One request on a connection of its own, so that both processes get their share."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request("GET", "/api/v1/nothing", headers={"X-Forwarded-For": address})
            answer = connection.getresponse()
            answer.read()
            return answer

    def new_address(self) -> str:
        """An address that has asked once, and whose window does not end too soon."""
        for number in self.addresses:
            address = f"10.0.{number >> 8}.{number & 255}"
            told = re.search(r";t=(\d+)", self.ask(address).headers["RateLimit"])
            assert told
            if int(told[1]) > WINDOW_LEFT:
                return address
        raise AssertionError("there are more addresses than that")

    def let_through(self, trouble: threading.Event | None = None) -> int:
        """How often a new address gets through when eight threads ask three times the limit.

        ``trouble`` is set after a third. Raises AssertionError for any answer that is neither 404 nor 429.
        """
        address, statuses, lock = self.new_address(), Counter({404: 1}), threading.Lock()

        def ask(number: int) -> None:
            status = self.ask(address).status
            with lock:
                statuses[status] += 1
            if trouble and number == LIMIT:
                trouble.set()

        with ThreadPoolExecutor(THREADS) as threads:
            for _ in threads.map(ask, range(3 * LIMIT)):
                pass
        assert set(statuses) == {404, 429}, statuses
        return statuses[404]


@pytest.fixture
def site(
    settings: Settings, database: db.Database, redis_server: RedisServer, run_folder: Path
) -> Iterator[Site]:
    served = settings.model_copy(
        update={
            "port": any_free_port(),
            "web_workers": PROCESSES,
            "web_threads": 2,
            "requests_per_minute": LIMIT,
            "trusted_proxies": 1,
            "redis_url": type(settings.redis_url)(redis_server.url),
        }
    )
    command = [sys.executable, "-m", "azora_admin.cli", "web"]
    log = run_folder / "limits.log"
    process = processes.start(command, log=log, environment=home.environment_of(served))
    try:
        site = Site(served.port, count(1))
        eventually(lambda: _answers(site), within=60)
        yield site
    finally:
        processes.stop(process, within=10)


def _answers(site: Site) -> bool:
    with suppress(OSError):
        return site.ask("192.0.2.1").status == 404
    return False


@contextmanager
def amid(trouble: Callable[[], None]) -> Iterator[threading.Event]:
    """An event; once it is set, ``trouble`` happens."""
    amid_it = threading.Event()

    def make() -> None:
        if amid_it.wait(60):
            trouble()

    maker = threading.Thread(target=make)
    maker.start()
    yield amid_it
    maker.join(60)


def test_redis_is_stopped_and_started_under_load_and_the_limit_holds(
    site: Site, redis_server: RedisServer
) -> None:
    # Eventually: on a machine that is very busy Redis may be late, which is as good as away.
    eventually(lambda: site.let_through() == LIMIT, within=60)

    with amid(redis_server.kill) as third:
        assert LIMIT <= site.let_through(third) <= LIMIT * PROCESSES
    assert LIMIT < site.let_through() <= LIMIT * PROCESSES

    with amid(redis_server.start) as third:
        assert LIMIT <= site.let_through(third) <= LIMIT * PROCESSES
    eventually(lambda: site.let_through() == LIMIT, within=60)

    with amid(redis_server.hold) as third:
        assert LIMIT <= site.let_through(third) <= LIMIT * PROCESSES
