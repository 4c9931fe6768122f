"""Faults of each kind, and what the SDK and the books make of them."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.recording import Witness
from tests.sandbox.stripe.stand_in import StandIn

INTENT: Any = {"amount": 4900, "currency": "usd"}
PATH = "/v1/payment_intents"


def create(
    stand_in: StandIn, *, retries: int = 0, timeout: float = 10.0, key: str = "order-7"
) -> stripe.PaymentIntent:
    client = stand_in.client(Witness(), retries=retries, timeout=timeout)
    return client.v1.payment_intents.create(INTENT, {"idempotency_key": key})


def intents(stand_in: StandIn) -> int:
    return int(stand_in.control("/state")["objects"].get("payment_intent", 0))


def fail_once(stand_in: StandIn, kind: str, **more: Any) -> None:
    stand_in.control("/faults", [{"method": "POST", "path": PATH, "kind": kind} | more])


def test_500_before_does_nothing_and_the_same_key_works_afterwards(stand_in: StandIn) -> None:
    fail_once(stand_in, "500_before")
    with pytest.raises(stripe.APIError):
        create(stand_in)
    assert intents(stand_in) == 0
    assert create(stand_in).amount == 4900


def test_500_after_has_done_the_work_and_is_replayed_as_stripe_does(stand_in: StandIn) -> None:
    fail_once(stand_in, "500_after")
    for _ in range(2):
        with pytest.raises(stripe.APIError) as refused:
            create(stand_in)
        assert refused.value.http_status == 500
    assert intents(stand_in) == 1


def test_429_is_not_retried_by_the_sdk_and_lock_timeout_is(stand_in: StandIn) -> None:
    fail_once(stand_in, "429")
    with pytest.raises(stripe.RateLimitError):
        create(stand_in, retries=2)
    fail_once(stand_in, "429_lock_timeout")
    assert create(stand_in, retries=2).amount == 4900
    fail_once(stand_in, "429_lock_timeout")
    with pytest.raises(stripe.RateLimitError) as refused:
        create(stand_in, key="other")
    assert refused.value.error is not None
    assert refused.value.error.code == "lock_timeout"


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_a_reset_connection_is_retried_and_makes_one_intent(stand_in: StandIn, kind: str) -> None:
    fail_once(stand_in, kind)
    with pytest.raises(stripe.APIConnectionError):
        create(stand_in)
    assert intents(stand_in) == (1 if kind == "reset_after" else 0)
    assert create(stand_in, retries=1).amount == 4900
    assert intents(stand_in) == 1


def test_an_answer_that_never_comes_times_out_and_the_key_tells_what_happened(stand_in: StandIn) -> None:
    fail_once(stand_in, "timeout_after")
    with pytest.raises(stripe.APIConnectionError):
        create(stand_in, timeout=0.3)
    assert intents(stand_in) == 1
    assert create(stand_in).amount == 4900
    assert intents(stand_in) == 1


def test_a_fault_hits_as_often_as_it_was_asked_to_and_only_its_path(
    stand_in: StandIn, client: stripe.StripeClient
) -> None:
    fail_once(stand_in, "500_before", path="/v1/payment_*", times=2)
    assert client.v1.customers.list().data == []
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            create(stand_in)
    assert create(stand_in).amount == 4900
    assert stand_in.control("/faults") == {"faults": []}


def test_waiting_faults_can_be_seen_and_forgotten(stand_in: StandIn, client: stripe.StripeClient) -> None:
    waiting = {"method": "GET", "path": "/v1/balance", "kind": "500_before", "times": 3}
    assert stand_in.control("/faults", [waiting]) == {"faults": [waiting]}
    assert stand_in.control("/faults") == {"faults": [waiting]}
    stand_in.control("/faults/clear", {})
    assert client.v1.balance.retrieve().livemode is False
    assert stand_in.raw("POST", "/_sandbox/faults", body=b'{"kind": "flood"}').status == 400
    assert stand_in.raw("POST", "/_sandbox/faults", body=b'{"kind": "429", "times": 0}').status == 400
