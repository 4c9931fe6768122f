"""The stand-in's time, moved and held."""

from __future__ import annotations

import time

import stripe

from azora_admin.sandbox.stripe.clock import Clock
from tests.sandbox.stripe.purchases import pay
from tests.sandbox.stripe.stand_in import StandIn


def test_everything_created_follows_it(client: stripe.StripeClient, stand_in: StandIn) -> None:
    assert stand_in.control("/clock", {"now": 1_900_000_000})["now"] == 1_900_000_000
    paid = pay(client)
    stand_in.control("/settle", {})
    assert paid.created == 1_900_000_000
    (moved,) = client.v1.balance_transactions.list().data
    assert (moved.created, moved.available_on) == (1_900_000_000, 1_900_000_000 + 2 * 86_400)
    assert {event.created for event in client.v1.events.list().data} == {1_900_000_000}


def test_a_moved_clock_ticks_on_and_null_is_real_time(stand_in: StandIn) -> None:
    moved = stand_in.control("/clock", {"now": 1_900_000_000, "frozen": False})
    assert moved["now"] >= 1_900_000_000
    assert stand_in.control("/state")["now"] > moved["now"]
    assert abs(stand_in.control("/clock", {"now": None})["now"] - time.time()) < 60


def test_a_held_clock_goes_on_from_where_it_stood() -> None:
    held = Clock(offset=1_000.0).held()
    assert held.now() == held.now()
    assert held.moved_to(5.0).now() == 5.0
    assert 0 <= held.released().now() - held.now() < 5
    assert 0 <= Clock().moved_to(5.0).now() - 5.0 < 5
