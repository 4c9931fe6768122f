"""The book under several clients: ours against one hand-written statement on the same tables, hot against spread."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Final

import psutil
import psycopg

from bench import poster, rounds
from bench.cases import Length, Result
from bench.poster import Order
from bench.rounds import Round
from bench.stage import Stage

_LEAD_SECONDS: Final = 0.2
_ACCOUNTS: Final = """
INSERT INTO ledger_account (key, asset)
SELECT key, 'usd' FROM unnest(%s::text[]) AS key ORDER BY key ON CONFLICT DO NOTHING
"""


def run(stage: Stage, length: Length) -> list[Result]:
    """Measure postings. Raises RuntimeError when the book does not balance afterwards."""
    _open_accounts(stage)
    with _clients(stage, length.posters) as clients:
        results = [
            _compare(
                stage, clients, "posting, spread", ("ours", "spread"), ("floor", "spread"), 0.70, length
            ),
            _compare(stage, clients, "posting, hot", ("ours", "hot"), ("floor", "hot"), 0.70, length),
            _compare(
                stage, clients, "posting, hot to spread", ("ours", "hot"), ("ours", "spread"), 0.80, length
            ),
            _compare(
                stage, clients, "posting, one instructor", ("ours", "one"), ("ours", "spread"), None, length
            ),
        ]
    _check_book(stage)
    return results


def _compare(
    stage: Stage,
    clients: Sequence[subprocess.Popen[str]],
    name: str,
    a: tuple[str, str],
    b: tuple[str, str],
    goal: float | None,
    length: Length,
) -> Result:
    def measured(how: str, pattern: str) -> Callable[[int], Round]:
        return lambda _: _measure(stage, clients, how, pattern, length.seconds)

    with stage.statements() as seen:
        _post_once(clients[0], *a)
    compared = rounds.compare(measured(*a), measured(*b), pairs=length.pairs)
    same = a[0] == b[0]
    return Result(name, a[1] if same else a[0], b[1] if same else b[0], compared, goal, seen)


def _measure(
    stage: Stage, clients: Sequence[subprocess.Popen[str]], how: str, pattern: str, seconds: float
) -> Round:
    begin = time.monotonic() + _LEAD_SECONDS
    order = Order(how, pattern, begin, begin + seconds)
    for client in clients:
        _tell(client, order)
    processes = [psutil.Process(client.pid) for client in clients]
    time.sleep(max(0.0, begin - time.monotonic()))
    cpu = stage.cpu_seconds(*processes)
    time.sleep(max(0.0, begin + seconds - time.monotonic()))
    cpu = stage.cpu_seconds(*processes) - cpu
    latencies = [one for client in clients for one in _hear(client)]
    return rounds.summary(latencies, seconds=seconds, cpu=cpu)


def _post_once(client: subprocess.Popen[str], how: str, pattern: str) -> None:
    now = time.monotonic()
    _tell(client, Order(how, pattern, now, now + 1e-6))
    _hear(client)


def _tell(client: subprocess.Popen[str], order: Order) -> None:
    assert client.stdin
    client.stdin.write(json.dumps(asdict(order)) + "\n")
    client.stdin.flush()


def _hear(client: subprocess.Popen[str]) -> list[int]:
    assert client.stdout
    line = client.stdout.readline()
    if not line:
        raise RuntimeError("a client that posts has failed; see above")
    heard: list[int] = json.loads(line)
    return heard


@contextmanager
def _clients(stage: Stage, posters: int) -> Iterator[list[subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "bench.poster", stage.url]
    clients = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(posters)
    ]
    try:
        for client in clients:
            for how in ("ours", "floor"):
                _post_once(client, how, "spread")
        yield clients
    finally:
        for client in clients:
            client.communicate(timeout=30)


def _open_accounts(stage: Stage) -> None:
    keys = ["stripe:balance", "platform:revenue", *(poster.instructor(n) for n in range(poster.INSTRUCTORS))]
    with psycopg.connect(stage.url) as connection:
        connection.execute(_ACCOUNTS, [keys])


def _check_book(stage: Stage) -> None:
    ((total, entries),) = stage.query(
        "SELECT (SELECT coalesce(sum(amount), 0) FROM ledger_leg), (SELECT count(*) FROM ledger_entry)"
    )
    if total != 0 or entries == 0:
        raise RuntimeError(f"the book sums to {total} over {entries} entries")
