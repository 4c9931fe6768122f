"""Webhook endpoints and the events that are meant for them."""

from __future__ import annotations

import pytest
import stripe

from tests.eventually import eventually
from tests.sandbox.stripe.purchases import pay
from tests.sandbox.stripe.stand_in import Receiver, StandIn


def test_the_secret_is_shown_once(client: stripe.StripeClient) -> None:
    made = client.v1.webhook_endpoints.create(
        {
            "url": "http://azora.test/hook",
            "enabled_events": ["charge.succeeded"],
            "api_version": "2026-10-28.endive",
        }
    )
    assert str(made.secret).startswith("whsec_")
    assert made.api_version == "2026-10-28.endive"
    assert "secret" not in client.v1.webhook_endpoints.retrieve(made.id)
    assert "secret" not in client.v1.webhook_endpoints.list().data[0]


def test_an_endpoint_is_changed_and_deleted(client: stripe.StripeClient) -> None:
    made = client.v1.webhook_endpoints.create({"url": "http://azora.test/hook", "enabled_events": ["*"]})
    changed = client.v1.webhook_endpoints.update(
        made.id,
        {
            "url": "http://azora.test/other",
            "enabled_events": ["charge.succeeded"],
            "disabled": True,
            "metadata": {"a": "b"},
            "description": "ours",
        },
    )
    assert (changed.url, changed.status, changed.description) == (
        "http://azora.test/other",
        "disabled",
        "ours",
    )
    assert client.v1.webhook_endpoints.delete(made.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.webhook_endpoints.retrieve(made.id)


def test_an_impossible_endpoint_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.webhook_endpoints.create({"url": "azora.test/hook", "enabled_events": ["*"]})
    assert refused.value.param == "url"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.webhook_endpoints.create(
            {"url": "http://azora.test", "enabled_events": ["*"], "api_version": "2024-06-20"}
        )
    assert refused.value.param == "api_version"


def test_an_endpoint_gets_what_it_asked_for(
    client: stripe.StripeClient, receiver: Receiver, stand_in: StandIn
) -> None:
    client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["payment_intent.succeeded"]})
    disabled = client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
    client.v1.webhook_endpoints.update(disabled.id, {"disabled": True})
    pay(client)
    eventually(lambda: "payment_intent.succeeded" in receiver.types)
    assert stand_in.control("/state")["pending_deliveries"] == 0
    # A delivery of the test before may have been on its way when it ended.
    ours = {event.id for event in client.v1.events.list({"limit": 100}).data}
    assert [event["type"] for event in receiver.events if event["id"] in ours] == ["payment_intent.succeeded"]


def test_events_are_listed_by_type_and_kept_thirty_days(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    paid = pay(client)
    by_type = client.v1.events.list({"type": "charge.succeeded"}).data
    assert [event.data.object["payment_intent"] for event in by_type] == [paid.id]
    assert client.v1.events.retrieve(by_type[0].id).type == "charge.succeeded"
    types = client.v1.events.list({"types": ["charge.succeeded", "payment_intent.created"]}).data
    assert {event.type for event in types} == {"charge.succeeded", "payment_intent.created"}
    assert len(client.v1.events.list({"type": "payment_intent.*"}).data) == 2
    assert client.v1.events.list({"type": "charge_succeeded"}).data == []
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.events.list({"type": "charge.succeeded", "types": ["charge.succeeded"]})
    with pytest.raises(stripe.InvalidRequestError, match="at most 20"):
        client.v1.events.list({"types": ["charge.succeeded"] * 21})
    stand_in.control("/clock", {"advance": 30 * 86_400 + 1})
    assert client.v1.events.list({"type": "payment_intent.*"}).data == []
    assert client.v1.events.retrieve(by_type[0].id).id == by_type[0].id


def test_an_event_names_the_request_that_caused_it(client: stripe.StripeClient) -> None:
    made = client.v1.payment_intents.create(
        {"amount": 100, "currency": "usd"}, {"idempotency_key": "order-7"}
    )
    (event,) = client.v1.events.list().data
    assert event.request is not None
    assert made.last_response is not None
    assert event.request.id == made.last_response.request_id
    assert event.request.idempotency_key == "order-7"
    assert event.api_version == "2026-10-28.endive"


def test_events_are_listed_by_whether_they_arrived(
    client: stripe.StripeClient, hook: stripe.WebhookEndpoint, receiver: Receiver, stand_in: StandIn
) -> None:
    receiver.answers = [500]
    first = client.v1.customers.create()
    eventually(lambda: receiver.arrived)
    eventually(lambda: client.v1.events.list().data[0].pending_webhooks == 1)
    client.v1.customers.create()
    eventually(lambda: len(client.v1.events.list({"delivery_success": True}).data) == 1)
    (missed,) = client.v1.events.list({"delivery_success": False}).data
    assert missed.data.object["id"] == first.id
    stand_in.control("/deliveries/retry", {})
    eventually(lambda: len(client.v1.events.list({"delivery_success": True}).data) == 2)
    assert client.v1.events.retrieve(missed.id).pending_webhooks == 0
