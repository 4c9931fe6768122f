"""What was answered is kept: over a kill, a restart, and beside other stand-ins."""

from __future__ import annotations

import signal
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import stripe

from tests.eventually import eventually
from tests.sandbox.stripe.purchases import NO_REDIRECTS, pay
from tests.sandbox.stripe.recording import Witness
from tests.sandbox.stripe.stand_in import Receiver, StandIn, Start

PAID: Any = {
    "amount": 4900,
    "currency": "usd",
    "payment_method": "pm_card_visa",
    "confirm": True,
} | NO_REDIRECTS


def test_a_kill_loses_nothing_that_was_answered_and_no_key(own_stand_in: StandIn, start: Start) -> None:
    answered: dict[str, str] = {}
    started = threading.Event()

    def buy(thread: int) -> None:
        client = own_stand_in.client(Witness())
        for number in range(1_000):
            key = f"{thread}-{number}"
            try:
                answered[key] = client.v1.payment_intents.create(PAID, {"idempotency_key": key}).id
            except stripe.APIConnectionError:
                return
            if len(answered) > 20:
                started.set()

    threads = [threading.Thread(target=buy, args=(one,)) for one in range(4)]
    for thread in threads:
        thread.start()
    assert started.wait(20)
    own_stand_in.end(signal.SIGKILL)
    for thread in threads:
        thread.join()

    again = start(own_stand_in.data)
    client = again.client(Witness())
    for key, identifier in answered.items():
        assert client.v1.payment_intents.create(PAID, {"idempotency_key": key}).id == identifier
    counts = again.control("/state")["objects"]
    assert counts["payment_intent"] == counts["charge"]
    assert counts["event"] >= 3 * len(answered)
    eventually(lambda: again.control("/state")["due_later"] == 0)
    counts = again.control("/state")["objects"]
    assert counts["balance_transaction"] == counts["charge"]


def test_deliveries_under_way_go_on_after_a_restart(
    own_stand_in: StandIn, receiver: Receiver, start: Start
) -> None:
    client = own_stand_in.client(Witness())
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    receiver.answers = [503] * 3
    client.v1.customers.create()
    eventually(lambda: receiver.arrived)
    own_stand_in.control("/clock", {"frozen": True})
    client.v1.customers.create()
    own_stand_in.end(signal.SIGKILL)
    receiver.answers = []
    again = start(own_stand_in.data)
    again.control("/deliveries/retry", {})
    eventually(lambda: again.control("/state")["deliveries"] == {"delivered": 2})
    assert len({event["id"] for event in receiver.events}) == 2


def test_settings_clock_and_mischief_outlive_the_process(own_stand_in: StandIn, start: Start) -> None:
    own_stand_in.control("/settings", {"fee_fixed_minor": 99})
    own_stand_in.control("/clock", {"now": 2_000_000_000, "frozen": True})
    own_stand_in.control("/deliveries", {"duplicate": 4})
    own_stand_in.end()
    again = start(own_stand_in.data, port=own_stand_in.port)
    assert again.base == own_stand_in.base
    assert again.control("/settings")["fee_fixed_minor"] == 99
    assert again.control("/state")["now"] == 2_000_000_000
    assert again.control("/deliveries")["duplicate"] == 4
    again.control("/reset", {})
    assert again.control("/settings")["fee_fixed_minor"] == 30
    assert abs(again.control("/state")["now"] - time.time()) < 60


def test_it_ends_within_a_second_even_with_requests_and_deliveries_waiting(
    own_stand_in: StandIn, receiver: Receiver
) -> None:
    client = own_stand_in.client(Witness())
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    receiver.wait_for = 99
    own_stand_in.control(
        "/faults",
        [{"path": "/v1/balance", "kind": "timeout_after"}, {"path": "/v1/charges", "kind": "stall"}],
    )
    waiting = [
        threading.Thread(target=abandoned, args=(own_stand_in, path))
        for path in ("/v1/balance", "/v1/charges")
    ]
    for thread in waiting:
        thread.start()
    client.v1.customers.create()
    eventually(lambda: own_stand_in.control("/state")["stalled_requests"] == 1 and receiver.together)
    asked_at = time.monotonic()
    assert own_stand_in.end() == 0
    assert time.monotonic() - asked_at < 1.0
    receiver.forget()
    for thread in waiting:
        thread.join()
    with closing(sqlite3.connect(own_stand_in.data / "stripe.sqlite3")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def abandoned(stand_in: StandIn, path: str) -> None:
    """A request that the stand-in leaves unanswered when it ends."""
    try:
        stand_in.raw("GET", path, headers={"Authorization": "Bearer sk_test_azora"})
    except OSError:
        return
    raise AssertionError("it was answered")


def test_two_stand_ins_know_nothing_of_each_other(
    own_stand_in: StandIn, start: Start, tmp_path: Path
) -> None:
    other = start(tmp_path / "other")
    mine = pay(own_stand_in.client(Witness()))
    assert other.client(Witness()).v1.payment_intents.list().data == []
    assert own_stand_in.client(Witness()).v1.payment_intents.list().data[0].id == mine.id


def test_a_thousand_small_requests_do_not_wait_for_nagle(
    client: stripe.StripeClient, witness: Witness
) -> None:
    client.v1.balance.retrieve()
    took = []
    for _ in range(50):
        started_at = time.monotonic()
        client.v1.balance.retrieve()
        took.append(time.monotonic() - started_at)
    assert sorted(took)[len(took) // 2] < 0.03
    assert len(witness.seen) == 51
