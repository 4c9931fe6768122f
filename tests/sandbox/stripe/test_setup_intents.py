"""Setup intents, from their creation to a method that its customer has, or to a reason why not."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.purchases import declined, pay, told
from tests.sandbox.stripe.stand_in import StandIn


def begun(client: stripe.StripeClient, **given: Any) -> tuple[stripe.SetupIntent, str]:
    customer = client.v1.customers.create().id
    wanted: Any = {"customer": customer, "automatic_payment_methods": {"enabled": True}} | given
    return client.v1.setup_intents.create(wanted), customer


def methods(client: stripe.StripeClient, customer: str) -> list[str]:
    return [one.id for one in client.v1.payment_methods.list({"customer": customer}).data]


def test_a_method_that_was_set_up_belongs_to_its_customer(client: stripe.StripeClient) -> None:
    made, customer = begun(client, metadata={"setup_id": "7"})
    assert (made.status, made.usage, made.customer) == ("requires_payment_method", "off_session", customer)
    done = client.v1.setup_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    assert done.status == "succeeded"
    assert methods(client, customer) == [done.payment_method]
    assert told(client) == [
        "customer.created", "setup_intent.created", "payment_method.attached", "setup_intent.succeeded",
    ]  # fmt: skip
    assert client.v1.setup_intents.retrieve(made.id).metadata is not None
    assert [one.id for one in client.v1.setup_intents.list({"customer": customer}).data] == [made.id]


def test_a_declining_card_is_not_saved(client: stripe.StripeClient) -> None:
    made, customer = begun(client)
    with pytest.raises(stripe.CardError) as refused:
        client.v1.setup_intents.confirm(made.id, {"payment_method": "pm_card_visa_chargeDeclined"})
    assert refused.value.code == "card_declined"
    seen = client.v1.setup_intents.retrieve(made.id)
    assert (seen.status, seen.payment_method) == ("requires_payment_method", None)
    assert seen.last_setup_error is not None
    assert seen.last_setup_error.decline_code == "generic_decline"
    assert methods(client, customer) == []
    assert told(client)[-1] == "setup_intent.setup_failed"


@pytest.mark.parametrize(
    ("outcome", "status"), [("approve", "succeeded"), ("fail", "requires_payment_method")]
)
def test_a_bank_may_want_to_be_asked(
    client: stripe.StripeClient, stand_in: StandIn, outcome: str, status: str
) -> None:
    made, customer = begun(client)
    asked = client.v1.setup_intents.confirm(
        made.id, {"payment_method": "pm_card_authenticationRequiredOnSetup"}
    )
    assert asked.status == "requires_action"
    stand_in.control(f"/setup_intents/{made.id}/authenticate", {"outcome": outcome})
    assert client.v1.setup_intents.retrieve(made.id).status == status
    assert len(methods(client, customer)) == (1 if outcome == "approve" else 0)


def test_what_was_set_up_with_the_bank_is_charged_without_asking(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    made, customer = begun(client)
    client.v1.setup_intents.confirm(made.id, {"payment_method": "pm_card_authenticationRequiredOnSetup"})
    stand_in.control(f"/setup_intents/{made.id}/authenticate", {"outcome": "approve"})
    (method,) = methods(client, customer)
    paid = pay(client, customer=customer, payment_method=method, off_session=True)
    assert paid.status == "succeeded"


def test_a_card_that_always_wants_its_owner_is_declined_without_them(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    made, customer = begun(client)
    client.v1.setup_intents.confirm(made.id, {"payment_method": "pm_card_authenticationRequired"})
    stand_in.control(f"/setup_intents/{made.id}/authenticate", {"outcome": "approve"})
    (method,) = methods(client, customer)
    error = declined(client, method, customer=customer, off_session=True)
    assert (error.code, error.payment_intent.status) == ("authentication_required", "requires_payment_method")


def test_one_that_nobody_finished_is_cancelled_and_one_that_is_done_is_not(
    client: stripe.StripeClient,
) -> None:
    made, _ = begun(client)
    gone = client.v1.setup_intents.cancel(made.id, {"cancellation_reason": "abandoned"})
    assert (gone.status, gone.cancellation_reason) == ("canceled", "abandoned")
    done, _ = begun(client, payment_method="pm_card_visa", confirm=True, return_url="http://shop.test")
    assert done.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.setup_intents.cancel(done.id)
    assert refused.value.code == "setup_intent_unexpected_state"


def test_the_names_of_methods_are_no_longer_taken(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request("post", "/v1/setup_intents", **{"payment_method_types[0]": "card"})
    assert refused.value.code == "payment_method_types_no_longer_supported"


def test_a_bank_may_take_its_time_for_a_charge(client: stripe.StripeClient, stand_in: StandIn) -> None:
    stand_in.control("/settings", {"bank_takes_its_time": 1})
    first, second = pay(client), pay(client)
    assert first.status == second.status == "processing"
    stand_in.control(f"/payment_intents/{first.id}/bank", {"outcome": "succeed"})
    stand_in.control(f"/payment_intents/{second.id}/bank", {"outcome": "fail"})
    assert client.v1.payment_intents.retrieve(first.id).status == "succeeded"
    assert client.v1.payment_intents.retrieve(second.id).status == "requires_payment_method"


def test_a_bank_may_send_another_card(client: stripe.StripeClient, stand_in: StandIn) -> None:
    made, customer = begun(client, payment_method="pm_card_visa", confirm=True, return_url="http://shop.test")
    stand_in.control(f"/payment_methods/{made.payment_method}", {"last4": "9999", "exp_year": 2040})
    (method,) = client.v1.payment_methods.list({"customer": customer}).data
    assert method.card is not None
    assert (method.card.last4, method.card.exp_year) == ("9999", 2040)
    assert told(client)[-1] == "payment_method.automatically_updated"
