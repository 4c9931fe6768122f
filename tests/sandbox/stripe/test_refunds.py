"""Refunds: at once, pending, failing, canceled, refused."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.stripe.purchases import declined, pay, told
from tests.sandbox.stripe.stand_in import StandIn


def charge_of(client: stripe.StripeClient, intent: stripe.PaymentIntent) -> stripe.Charge:
    assert isinstance(intent.latest_charge, str)
    return client.v1.charges.retrieve(intent.latest_charge)


def test_parts_are_refunded_until_nothing_is_left(client: stripe.StripeClient) -> None:
    paid = pay(client)
    first = client.v1.refunds.create(
        {"payment_intent": paid.id, "amount": 900, "reason": "duplicate", "metadata": {"why": "twice"}}
    )
    assert (first.status, first.amount, first.reason) == ("succeeded", 900, "duplicate")
    charge = charge_of(client, paid)
    assert (charge.amount_refunded, charge.refunded) == (900, False)
    rest = client.v1.refunds.create({"charge": charge.id})
    assert rest.amount == 4000
    assert charge_of(client, paid).refunded is True
    listed = client.v1.refunds.list({"payment_intent": paid.id})
    assert [one.id for one in listed.data] == [rest.id, first.id]
    assert [one.id for one in client.v1.refunds.list({"charge": charge.id, "limit": 1}).data] == [rest.id]
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert refused.value.code == "charge_already_refunded"


def test_more_than_is_left_is_refused_in_the_recorded_words(client: stripe.StripeClient) -> None:
    paid = pay(client)
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 900})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 4001})
    assert (refused.value.param, refused.value.code) == ("amount", None)
    assert refused.value.user_message == (
        "Refund amount ($40.01) is greater than unrefunded amount on charge ($40.00)"
    )
    assert charge_of(client, paid).amount_refunded == 900


def test_a_refund_takes_from_the_balance_and_returns_no_fee(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    paid = pay(client)
    stand_in.control("/settle", {})
    made = client.v1.refunds.create({"payment_intent": paid.id, "expand": ["balance_transaction", "charge"]})
    moved = made.balance_transaction
    assert isinstance(moved, stripe.BalanceTransaction)
    assert (moved.amount, moved.fee, moved.net, moved.type) == (-4900, 0, -4900, "refund")
    balance = client.v1.balance.retrieve()
    assert balance.pending[0].amount + balance.available[0].amount == -172


def test_events_of_a_refund(client: stripe.StripeClient) -> None:
    paid = pay(client)
    client.v1.refunds.create({"payment_intent": paid.id})
    assert told(client)[-2:] == ["charge.refunded", "refund.created"]
    (refunded,) = client.v1.events.list({"type": "charge.refunded"}).data
    assert refunded.data.previous_attributes is not None
    assert refunded.data.previous_attributes.to_dict() == {"amount_refunded": 0, "refunded": False}


def test_a_pending_refund_succeeds_later(client: stripe.StripeClient, stand_in: StandIn) -> None:
    paid = pay(client, payment_method="pm_card_pendingRefund")
    made = client.v1.refunds.create({"payment_intent": paid.id})
    assert (made.status, made.pending_reason, made.balance_transaction) == ("pending", "processing", None)
    assert charge_of(client, paid).refunded is True
    stand_in.control("/clock", {"advance": 1})
    done = client.v1.refunds.retrieve(made.id)
    assert (done.status, done.pending_reason) == ("succeeded", None)
    assert done.balance_transaction is not None
    assert set(told(client)[-2:]) == {"charge.refund.updated", "refund.updated"}


def test_a_refund_that_succeeded_may_fail_later_and_the_money_returns(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    paid = pay(client, payment_method="pm_card_refundFail")
    made = client.v1.refunds.create({"payment_intent": paid.id, "amount": 900})
    assert made.status == "succeeded"
    stand_in.control("/settle", {})
    failed = client.v1.refunds.retrieve(made.id, {"expand": ["failure_balance_transaction"]})
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    returned = failed.failure_balance_transaction
    assert isinstance(returned, stripe.BalanceTransaction)
    assert (returned.net, returned.type) == (900, "refund_failure")
    assert charge_of(client, paid).amount_refunded == 0
    assert told(client)[-3:] == ["refund.failed", "refund.updated", "charge.refund.updated"]
    assert client.v1.refunds.create({"payment_intent": paid.id, "amount": 4900}).status == "succeeded"


def test_an_operator_decides_how_a_pending_refund_ends(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    paid = pay(client, payment_method="pm_card_pendingRefund")
    made = client.v1.refunds.create({"payment_intent": paid.id})
    assert stand_in.control(f"/refunds/{made.id}", {"outcome": "fail"})["status"] == "failed"
    failed = client.v1.refunds.retrieve(made.id)
    assert "failure_balance_transaction" not in failed  # no money had left
    assert charge_of(client, paid).refunded is False
    assert stand_in.raw("POST", f"/_sandbox/refunds/{made.id}", body=b'{"outcome": "succeed"}').status == 400
    stand_in.control("/settle", {})
    assert client.v1.refunds.retrieve(made.id).status == "failed"


def test_only_a_refund_that_waits_for_the_customer_can_be_canceled(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    paid = pay(client, payment_method="pm_card_pendingRefund")
    made = client.v1.refunds.create({"payment_intent": paid.id})
    with pytest.raises(stripe.InvalidRequestError, match="status of pending"):
        client.v1.refunds.cancel(made.id)
    stand_in.control(f"/refunds/{made.id}", {"outcome": "require_action"})
    assert client.v1.refunds.cancel(made.id).status == "canceled"
    assert charge_of(client, paid).amount_refunded == 0


def test_metadata_of_a_refund_may_change_and_nothing_else(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    made = client.v1.refunds.create({"payment_intent": pay(client).id})
    changed = client.v1.refunds.update(made.id, {"metadata": {"note": "asked"}})
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"note": "asked"}
    assert told(client)[-2:] == ["refund.updated", "charge.refund.updated"]
    refused = stand_in.raw(
        "POST", f"/v1/refunds/{made.id}", body=b"amount=1", headers={"Authorization": "Bearer sk_test_azora"}
    )
    assert refused.json["error"]["code"] == "parameter_unknown"


def test_what_was_never_paid_can_not_be_refunded(client: stripe.StripeClient) -> None:
    failed = declined(client, "pm_card_visa_chargeDeclined").payment_intent
    open_intent = client.v1.payment_intents.create({"amount": 4900, "currency": "usd"})
    held = pay(client, capture_method="manual")
    for one in (failed, open_intent, held):
        with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
            client.v1.refunds.create({"payment_intent": one.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"charge": "ch_nothing"})
    assert refused.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError, match="payment_intent or charge"):
        client.v1.refunds.create({"amount": 100})
