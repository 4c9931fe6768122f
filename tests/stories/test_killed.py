"""Web and worker are killed outright while people buy and Stripe's events go astray: every sale settles once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from azora_admin.sandbox.phone import Line
from azora_admin.sandbox.traffic import Plan, Tally, run
from tests.eventually import eventually
from tests.launch.running import ROOT, Running, azora_up, environment

pytestmark = pytest.mark.launch

PURCHASES = 60
# After so many finished purchases, this one is killed.
KILLS = ((8, "worker"), (20, "web"), (32, "worker"), (44, "web"))


@pytest.fixture
def running(seeded_home: Path) -> Iterator[Running]:
    with azora_up(seeded_home) as started:
        yield started


def test_every_purchase_settles_exactly_once_though_web_and_worker_are_killed_and_events_get_lost(
    running: Running,
) -> None:
    before = counts(running)
    spoil_deliveries(running)
    tally = buy_while(running, kill_on_the_way)

    # What no event told is asked for after some seconds; until then it is open, and nothing differs.
    paid = tally.outcomes["succeeded"]
    eventually(lambda: counts(running)["completed"] - before["completed"] >= paid, within=120, every=1.0)
    # A fee exists at Stripe only some time after its sale; until then nothing differs, and nothing is finished.
    eventually(lambda: fees_to_come(running) == 0, within=120, every=1.0)
    eventually(
        lambda: verdict(running) == "the audit log, the ledger, the sales and Stripe agree",
        within=120,
        every=2.0,
    )

    after = counts(running)
    assert paid > PURCHASES / 2, tally.text()
    # An answer that was lost is a sale all the same: at least those that the phones know of.
    assert after["completed"] - before["completed"] >= paid
    assert after["sales"] - before["sales"] == after["completed"] - before["completed"]
    assert after["grants"] - before["grants"] == after["completed"] - before["completed"]
    assert after["fees"] - before["fees"] == after["completed"] - before["completed"]
    assert after["parked"] == 0


def spoil_deliveries(running: Running) -> None:
    """Every event comes twice, in any order, and one in four never."""
    body = json.dumps({"duplicate": 2, "shuffle": True, "drop": 0.25, "seed": 7}).encode()
    with closing(Line(running.facts()["stripe_api_base"])) as stand_in:
        stand_in.call("POST", "/_sandbox/deliveries", body=body, headers={"Content-Type": "application/json"})


def buy_while(running: Running, disturb: Any) -> Tally:
    facts = running.facts()
    plan = Plan(facts["url"], facts["stripe_api_base"], rate=12, purchases=PURCHASES, buyers=6)
    tally, stop = Tally(), threading.Event()
    shoppers = threading.Thread(target=run, args=(plan,), kwargs={"stop": stop, "say": print, "tally": tally})
    shoppers.start()
    try:
        disturb(running, tally)
    finally:
        shoppers.join(120)
        stop.set()
    assert not shoppers.is_alive()
    return tally


def kill_on_the_way(running: Running, tally: Tally) -> None:
    for finished, who in KILLS:
        eventually(partial(has_finished, tally, finished), within=60)
        os.kill(eventually(partial(pid_of, running, who), within=30), signal.SIGKILL)


def has_finished(tally: Tally, count: int) -> bool:
    return tally.outcomes.total() >= count


def pid_of(running: Running, who: str) -> int:
    """Its pid, or 0 while it is being started."""
    return running.facts()["pids"][who] or 0


def verdict(running: Running) -> str:
    told = subprocess.run(
        [sys.executable, "-m", "azora_admin.cli", "verify"],
        cwd=ROOT,
        env=environment(running.home, running.port),
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip().rpartition("\n")[2]


def fees_to_come(running: Running) -> int:
    with psycopg.connect(running.facts()["database_url"]) as connection:
        row = connection.execute(
            "SELECT count(*) FROM payment WHERE status = 'completed' AND fee_minor IS NULL"
        ).fetchone()
    assert row is not None
    return int(row[0])


def counts(running: Running) -> dict[str, int]:
    with psycopg.connect(running.facts()["database_url"]) as connection:
        row = connection.execute(
            """SELECT (SELECT count(*) FROM payment WHERE status = 'completed'),
                      (SELECT count(*) FROM ledger_entry WHERE kind = 'sale'),
                      (SELECT count(*) FROM access_grant WHERE reason = 'purchase'),
                      (SELECT count(*) FROM ledger_entry WHERE kind = 'processing_fee'),
                      (SELECT count(*) FROM inbox_event WHERE state = 'parked')"""
        ).fetchone()
    assert row is not None
    return dict(zip(("completed", "sales", "grants", "fees", "parked"), row, strict=True))
