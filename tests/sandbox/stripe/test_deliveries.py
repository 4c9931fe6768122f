"""Deliveries: signed, repeated until they are taken, several at a time, and everything that can go wrong."""

from __future__ import annotations

import time
from functools import partial
from itertools import pairwise

import pytest
import stripe

from tests.eventually import eventually
from tests.sandbox.stripe.description import complaints_of_event
from tests.sandbox.stripe.purchases import pay
from tests.sandbox.stripe.stand_in import Receiver, StandIn


def quiet(stand_in: StandIn) -> bool:
    return bool(stand_in.control("/state")["pending_deliveries"] == 0)


def test_a_delivery_is_signed_and_of_stripes_shape(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    paid = pay(client)
    stand_in.control("/settle", {})
    eventually(lambda: len(receiver.arrived) == 4)
    for delivery in receiver.arrived:
        event = stripe.Webhook.construct_event(delivery.body, delivery.signature, str(hook.secret))
        assert complaints_of_event(delivery.event) == []
        assert event.api_version == "2026-10-28.endive"
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(delivery.body + b" ", delivery.signature, str(hook.secret))
    assert sorted(receiver.types) == [
        "charge.succeeded", "charge.updated", "payment_intent.created", "payment_intent.succeeded",
    ]  # fmt: skip
    (succeeded,) = [one for one in receiver.events if one["type"] == "payment_intent.succeeded"]
    assert succeeded["data"]["object"]["id"] == paid.id


def test_it_is_signed_with_real_time_whatever_the_clock_says(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    stand_in.control("/clock", {"advance": 90 * 86_400})
    client.v1.customers.create()
    delivery = eventually(lambda: receiver.arrived)[0]
    assert abs(int(delivery.signature.split(",")[0].removeprefix("t=")) - time.time()) < 60
    assert delivery.event["created"] > time.time() + 80 * 86_400


def test_an_endpoint_that_fails_is_asked_again_ever_more_slowly(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    stand_in.control("/settings", {"retry_base": 10})
    receiver.answers = [500, 404, 301]
    client.v1.customers.create()
    (event,) = client.v1.events.list().data
    for attempt in range(1, 5):
        eventually(partial(has_attempts, stand_in, event.id, attempt))
        stand_in.control("/clock", {"advance": 10 * 2 ** (attempt - 1) - 1})
        assert len(receiver.arrived) == attempt
        stand_in.control("/clock", {"advance": 1})
    assert [one["status"] for one in attempts_of(stand_in, event.id)] == [500, 404, 301, 200]
    waits = [later["at"] - earlier["at"] for earlier, later in pairwise(attempts_of(stand_in, event.id))]
    assert waits == pytest.approx([10, 20, 40])
    assert quiet(stand_in)


def attempts_of(stand_in: StandIn, event_id: str) -> list[dict[str, float]]:
    (delivery,) = stand_in.control(f"/events/{event_id}/deliveries")["deliveries"]
    return list(delivery["attempts"])


def has_attempts(stand_in: StandIn, event_id: str, number: int) -> bool:
    return len(attempts_of(stand_in, event_id)) == number


def test_after_three_days_it_is_given_up(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    receiver.answers = [500] * 100
    client.v1.customers.create()
    (event,) = client.v1.events.list().data

    def given_up() -> bool:
        stand_in.control("/clock", {"advance": 6 * 3600})
        (delivery,) = stand_in.control(f"/events/{event.id}/deliveries")["deliveries"]
        return bool(delivery["state"] == "failed")

    eventually(given_up)
    last = attempts_of(stand_in, event.id)[-1]["at"]
    assert 2.5 * 86_400 < last - event.created <= 3.3 * 86_400
    assert client.v1.events.list({"delivery_success": False}).data[0].id == event.id
    receiver.answers = []
    assert stand_in.control(f"/events/{event.id}/resend", {})["deliveries"] == 1
    eventually(lambda: quiet(stand_in))


def test_an_endpoint_that_is_down_is_tried_until_it_is_up(
    client: stripe.StripeClient, receiver: Receiver, stand_in: StandIn
) -> None:
    nobody = client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/", "enabled_events": ["*"]})
    client.v1.customers.create()
    (event,) = client.v1.events.list().data
    eventually(lambda: attempts_of(stand_in, event.id))
    assert "ConnectionRefusedError" in str(attempts_of(stand_in, event.id)[0]["error"])
    client.v1.webhook_endpoints.update(nobody.id, {"url": receiver.url})
    stand_in.control("/deliveries/retry", {})
    eventually(lambda: receiver.arrived)


def test_several_are_under_way_at_once_over_kept_connections(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    receiver.wait_for = 3
    for _ in range(12):
        client.v1.customers.create()
    eventually(lambda: len(receiver.arrived) == 12)
    assert 3 <= receiver.most_together <= 4
    assert receiver.connections <= 4
    stand_in.control("/settings", {"delivery_workers": 1})
    for _ in range(6):
        client.v1.customers.create()
    eventually(lambda: len(receiver.arrived) == 18)
    receiver.forget()
    for _ in range(6):
        client.v1.customers.create()
    eventually(lambda: len(receiver.arrived) == 6)
    assert receiver.most_together == 1


def test_each_event_may_come_several_times(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    stand_in.control("/deliveries", {"duplicate": 2})
    client.v1.customers.create()
    eventually(lambda: len(receiver.arrived) == 3)
    assert len({event["id"] for event in receiver.events}) == 1


def test_one_change_may_have_two_events(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    stand_in.control("/deliveries", {"second_event": True})
    customer = client.v1.customers.create()
    eventually(lambda: len(receiver.arrived) == 2)
    assert len({event["id"] for event in receiver.events}) == 2
    assert {event["data"]["object"]["id"] for event in receiver.events} == {customer.id}
    assert len(client.v1.events.list().data) == 2


def test_held_deliveries_wait_and_are_released_one_by_one_or_shuffled(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    stand_in.control("/settings", {"delivery_workers": 1})
    stand_in.control("/deliveries", {"hold": True})
    made = [client.v1.customers.create().id for _ in range(8)]
    assert stand_in.control("/state")["deliveries"] == {"held": 8}
    assert receiver.arrived == []
    assert stand_in.control("/deliveries/release", {"limit": 1}) == {"released": 1}
    eventually(lambda: len(receiver.arrived) == 1)
    assert stand_in.control("/deliveries/release", {"shuffle": 5}) == {"released": 7}
    eventually(lambda: len(receiver.arrived) == 8)
    order = [event["data"]["object"]["id"] for event in receiver.events]
    assert order[0] == made[0]
    assert order != made
    assert sorted(order) == sorted(made)


def test_order_may_be_lost_and_the_first_attempt_delayed(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    stand_in.control("/settings", {"delivery_workers": 1})
    stand_in.control("/deliveries", {"delay": 60, "shuffle": 3, "shuffle_within": 1})
    made = [client.v1.customers.create().id for _ in range(8)]
    stand_in.control("/clock", {"advance": 59})
    assert receiver.arrived == []
    stand_in.control("/clock", {"advance": 3})
    eventually(lambda: len(receiver.arrived) == 8)
    order = [event["data"]["object"]["id"] for event in receiver.events]
    assert order != made
    assert sorted(order) == sorted(made)


def test_a_share_is_dropped_and_the_same_seed_drops_the_same(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    arrived = []
    for _ in range(2):
        stand_in.control("/deliveries", {"drop": 0.5, "seed": 11})
        made = [client.v1.customers.create().id for _ in range(12)]
        eventually(lambda: quiet(stand_in))
        got = {event["data"]["object"]["id"] for event in receiver.events}
        arrived.append([one in got for one in made])
    assert arrived[0] == arrived[1]
    assert 0 < sum(arrived[0]) < 12
    missed = client.v1.events.list({"delivery_success": False, "limit": 100}).data
    assert len(missed) == 2 * (12 - sum(arrived[0]))
    assert stand_in.control(f"/events/{missed[0].id}/resend", {})["deliveries"] == 1
    eventually(lambda: missed[0].id in [event["id"] for event in receiver.events])


def test_a_delivery_may_be_forged_stale_or_of_an_old_version(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    for wrong in ({"bad_signature": True}, {"stale": True}):
        receiver.forget()
        stand_in.control("/deliveries", wrong)
        client.v1.customers.create()
        delivery = eventually(lambda: receiver.arrived)[0]
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(delivery.body, delivery.signature, str(hook.secret))
    receiver.forget()
    stand_in.control("/deliveries", {"api_version": "2024-06-20"})
    client.v1.customers.create()
    assert eventually(lambda: receiver.events)[0]["api_version"] == "2024-06-20"
    assert stand_in.control("/deliveries", {})["api_version"] is None


@pytest.mark.parametrize("given", [b'{"colour": 1}', b'{"duplicate": "two"}', b'{"duplicate": true}'])
def test_controls_that_are_not_there_are_refused(stand_in: StandIn, given: bytes) -> None:
    assert stand_in.raw("POST", "/_sandbox/deliveries", body=given).status == 400


@pytest.mark.parametrize(
    "given",
    [b'{"colour": 1}', b'{"retry_base": -1}', b'{"fee_fixed_minor": 1.5}', b'{"delivery_workers": 99}'],
)
def test_settings_that_can_not_be_are_refused(stand_in: StandIn, given: bytes) -> None:
    before = stand_in.control("/settings")
    assert stand_in.raw("POST", "/_sandbox/settings", body=given).status == 400
    assert stand_in.control("/settings") == before
