"""Idempotency keys exactly as Stripe keeps them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.eventually import eventually
from tests.sandbox.stripe.purchases import NO_REDIRECTS, pay
from tests.sandbox.stripe.recording import Witness
from tests.sandbox.stripe.stand_in import StandIn

INTENT: Any = {"amount": 4900, "currency": "usd"}
TURNED_ROUND: Any = {"currency": "usd", "amount": 4900}


def test_the_same_request_again_gives_the_same_answer(client: stripe.StripeClient, witness: Witness) -> None:
    first = client.v1.payment_intents.create(INTENT, {"idempotency_key": "order-7"})
    done = witness.last
    assert "Idempotent-Replayed" not in done.headers
    assert done.headers["Idempotency-Key"] == "order-7"
    assert done.headers["Original-Request"] == done.headers["Request-Id"]
    again = client.v1.payment_intents.create(TURNED_ROUND, {"idempotency_key": "order-7"})
    replayed = witness.last
    assert again.id == first.id
    assert replayed.body == done.body
    assert replayed.headers["Idempotent-Replayed"] == "true"
    assert (
        replayed.headers["Original-Request"] == done.headers["Request-Id"] != replayed.headers["Request-Id"]
    )
    assert len(client.v1.payment_intents.list().data) == 1
    assert len(client.v1.events.list().data) == 1


def test_the_stored_answer_stays_as_it_was(client: stripe.StripeClient) -> None:
    first = client.v1.payment_intents.create(INTENT, {"idempotency_key": "order-7"})
    client.v1.payment_intents.cancel(first.id)
    assert client.v1.payment_intents.create(INTENT, {"idempotency_key": "order-7"}).status == first.status


def test_other_parameters_or_another_address_are_an_idempotency_error(client: stripe.StripeClient) -> None:
    made = client.v1.payment_intents.create(INTENT, {"idempotency_key": "order-7"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as refused:
        client.v1.payment_intents.create(INTENT | {"amount": 5000}, {"idempotency_key": "order-7"})
    assert refused.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        client.v1.payment_intents.cancel(made.id, options={"idempotency_key": "order-7"})
    assert len(client.v1.payment_intents.list().data) == 1


def test_a_decline_is_stored_and_a_new_attempt_needs_a_new_key(
    client: stripe.StripeClient, witness: Witness
) -> None:
    given = INTENT | NO_REDIRECTS | {"payment_method": "pm_card_visa_chargeDeclined", "confirm": True}
    bodies = []
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            client.v1.payment_intents.create(given, {"idempotency_key": "try-1"})
        bodies.append(witness.last.body)
    assert bodies[0] == bodies[1]
    assert witness.last.headers["Idempotent-Replayed"] == "true"
    assert len(client.v1.charges.list().data) == 1
    with pytest.raises(stripe.CardError):
        client.v1.payment_intents.create(given, {"idempotency_key": "try-2"})
    assert len(client.v1.charges.list().data) == 2


def test_a_refusal_during_the_work_is_stored_too(client: stripe.StripeClient) -> None:
    paid = pay(client)
    for amount in (5000, 5000):
        with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
            client.v1.refunds.create({"payment_intent": paid.id, "amount": amount}, {"idempotency_key": "r"})
    with pytest.raises(stripe.IdempotencyError):
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 100}, {"idempotency_key": "r"})


def test_what_fails_the_check_of_its_parameters_is_not_stored(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.payment_intents.create(INTENT | {"amount": 0}, {"idempotency_key": "order-7"})
    assert client.v1.payment_intents.create(INTENT, {"idempotency_key": "order-7"}).amount == 4900


def test_a_key_has_at_most_255_characters(client: stripe.StripeClient) -> None:
    assert client.v1.customers.create({}, {"idempotency_key": "k" * 255}).id
    with pytest.raises(stripe.IdempotencyError, match="at most 255"):
        client.v1.customers.create({}, {"idempotency_key": "k" * 256})


def test_a_key_is_forgotten_after_a_day(client: stripe.StripeClient, stand_in: StandIn) -> None:
    first = client.v1.customers.create({}, {"idempotency_key": "daily"})
    stand_in.control("/clock", {"advance": 86_400 - 1})
    assert client.v1.customers.create({}, {"idempotency_key": "daily"}).id == first.id
    stand_in.control("/clock", {"advance": 2})
    assert client.v1.customers.create({}, {"idempotency_key": "daily"}).id != first.id


def test_while_the_first_is_under_way_the_second_is_409(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    stand_in.control("/faults", {"method": "POST", "path": "/v1/payment_intents", "kind": "stall"})

    def create() -> str:
        witness = Witness()
        return stand_in.client(witness).v1.payment_intents.create(INTENT, {"idempotency_key": "order-7"}).id

    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(create)
        eventually(lambda: stand_in.control("/state")["stalled_requests"] == 1)
        for other in [threads.submit(create) for _ in range(3)]:
            refused = other.exception()
            assert isinstance(refused, stripe.APIError)
            assert refused.http_status == 409
            assert refused.error is not None
            assert refused.error.code == "idempotency_key_in_use"
        stand_in.control("/faults/clear", {})
        assert first.result() == create()
    assert len(client.v1.payment_intents.list().data) == 1


def test_many_at_once_under_one_key_make_one_intent(client: stripe.StripeClient, stand_in: StandIn) -> None:
    def create(_: int) -> str:
        sdk = stand_in.client(Witness(), retries=5)
        return sdk.v1.payment_intents.create(INTENT, {"idempotency_key": "order-7"}).id

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(create, range(16)))) == 1
    assert len(client.v1.payment_intents.list().data) == 1
