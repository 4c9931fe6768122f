"""Rounds in turn, A B A B …: what disturbs the machine meets both, and ratios are taken pair by pair."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, Final

from bench import load
from bench.load import Plan
from bench.stage import Server, Stage

CLIENTS: Final = 2
CONNECTIONS: Final = 4
_LEAD_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two things compared: who is asked, and what. ``event`` as in ``load.Plan``."""

    server: Server
    requests: Sequence[str]
    event: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """What one round showed. Times in µs; ``cpu`` is that of server and database for one request."""

    rate: float
    p50: float
    p99: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Compared:
    """Both sides' medians, and the median over the pairs of A's rate by B's."""

    a: Round
    b: Round
    ratio: float

    @property
    def cpu_ratio(self) -> float:
        """The same by CPU time: what is left of the ratio when the machine is busy with something else."""
        return self.b.cpu / self.a.cpu if self.a.cpu else 0.0


def compare(measure_a: Callable[[int], Round], measure_b: Callable[[int], Round], *, pairs: int) -> Compared:
    """Measure both in turn, after a round of each to warm up that is not counted."""
    measure_a(0)
    measure_b(0)
    rounds = [(measure_a(number), measure_b(number)) for number in range(1, pairs + 1)]
    return Compared(
        _median([a for a, _ in rounds]),
        _median([b for _, b in rounds]),
        median(a.rate / b.rate for a, b in rounds),
    )


def measure(stage: Stage, side: Side, *, seconds: float, number: int) -> Round:
    """One round of ``side``: two client processes with four connections each, flat out for ``seconds``.

    Raises RuntimeError when a client saw an answer that it did not expect.
    """
    clients = [_start(_plan(side, f"{number}x{place}")) for place in range(CLIENTS)]
    begin = time.monotonic() + _LEAD_SECONDS
    for client in clients:
        _tell_times(client, begin, begin + seconds)
    time.sleep(max(0.0, begin - time.monotonic()))
    cpu = stage.cpu_seconds(side.server.process)
    time.sleep(max(0.0, begin + seconds - time.monotonic()))
    cpu = stage.cpu_seconds(side.server.process) - cpu
    told = [_finish(client) for client in clients]
    return summary([one for part in told for one in part["latencies"]], seconds=seconds, cpu=cpu)


def summary(latencies: Sequence[int], *, seconds: float, cpu: float) -> Round:
    """The figures of a round from its latencies in µs and the CPU time in seconds."""
    if len(latencies) < 2:
        raise RuntimeError("a round without answers")
    parts = quantiles(latencies, n=100)
    return Round(len(latencies) / seconds, parts[49], parts[98], cpu / len(latencies) * 1e6)


def _plan(side: Side, prefix: str) -> Plan:
    event = side.event and {**side.event, "prefix": f"{side.event['prefix']}{prefix}x"}
    return Plan(side.server.port, CONNECTIONS, 200, list(side.requests), event)


def _start(plan: Plan) -> subprocess.Popen[str]:
    client = subprocess.Popen(
        [sys.executable, "-m", "bench.load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert client.stdin
    assert client.stdout
    print(load.as_json(plan), file=client.stdin, flush=True)
    # On a busy machine a client takes its time to start, and no round begins without it.
    client.stdout.readline()
    return client


def _tell_times(client: subprocess.Popen[str], begin: float, end: float) -> None:
    assert client.stdin
    print(json.dumps([begin, end]), file=client.stdin)
    client.stdin.close()


def _finish(client: subprocess.Popen[str]) -> dict[str, Any]:
    with client:
        assert client.stdout
        told = client.stdout.read()
    if client.returncode:
        raise RuntimeError("a client met an answer that it did not expect; see above")
    found: dict[str, Any] = json.loads(told)
    return found


def _median(rounds: Sequence[Round]) -> Round:
    return Round(
        *(median(values) for values in zip(*((r.rate, r.p50, r.p99, r.cpu) for r in rounds), strict=True))
    )
