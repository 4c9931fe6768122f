"""Payment intents, from their creation to money or to a reason why not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.purchases import NO_REDIRECTS, declined, pay, told
from tests.sandbox.stripe.stand_in import StandIn


def test_an_intent_walks_from_created_to_succeeded(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create()
    made = client.v1.payment_intents.create(
        {"amount": 4900, "currency": "USD", "customer": customer.id, "metadata": {"payment": "7"}}
    )
    assert (made.status, made.currency, made.capture_method) == (
        "requires_payment_method",
        "usd",
        "automatic_async",
    )
    assert made.latest_charge is None
    assert made.automatic_payment_methods is not None
    assert made.automatic_payment_methods.allow_redirects == "always"

    done = client.v1.payment_intents.confirm(
        made.id,
        {"payment_method": "pm_card_visa", "return_url": "http://shop.test", "expand": ["latest_charge"]},
    )
    assert (done.status, done.amount_received) == ("succeeded", 4900)
    charge = done.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.paid, charge.captured, charge.customer) == (True, True, customer.id)
    assert charge.metadata.to_dict() == {"payment": "7"}
    assert charge.balance_transaction is None  # it arrives late
    assert told(client) == [
        "customer.created", "payment_intent.created", "charge.succeeded", "payment_intent.succeeded",
    ]  # fmt: skip


def test_creating_with_a_method_waits_for_confirmation(client: stripe.StripeClient) -> None:
    given: Any = {"amount": 4900, "currency": "usd", "payment_method": "pm_card_visa"} | NO_REDIRECTS
    made = client.v1.payment_intents.create(given)
    assert made.status == "requires_confirmation"
    assert client.v1.payment_intents.confirm(made.id).status == "succeeded"


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
        ("pm_card_visa_chargeDeclinedVelocityLimitExceeded", "card_declined", "card_velocity_exceeded"),
        ("pm_card_radarBlock", "card_declined", "fraudulent"),
    ],
)
def test_a_declining_card_leaves_a_failed_charge_and_the_intent_open(
    client: stripe.StripeClient, card: str, code: str, decline_code: str | None
) -> None:
    error = declined(client, card)
    assert (error.code, error.decline_code) == (code, decline_code)
    assert error.payment_intent is not None
    intent = client.v1.payment_intents.retrieve(error.payment_intent.id, {"expand": ["latest_charge"]})
    assert (intent.status, intent.payment_method, intent.amount_received) == (
        "requires_payment_method",
        None,
        0,
    )
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.code == code
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)
    assert told(client) == ["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]


def test_after_a_decline_another_card_may_pay_the_same_intent(client: stripe.StripeClient) -> None:
    error = declined(client, "pm_card_visa_chargeDeclined")
    assert error.payment_intent is not None
    done = client.v1.payment_intents.confirm(
        error.payment_intent.id, {"payment_method": "pm_card_mastercard"}
    )
    assert (done.status, done.last_payment_error) == ("succeeded", None)
    charges = client.v1.charges.list({"payment_intent": done.id}).data
    assert [charge.status for charge in charges] == ["succeeded", "failed"]


def test_capture_later_takes_up_to_what_was_authorised(client: stripe.StripeClient) -> None:
    held = pay(client, capture_method="manual")
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 4900, 0)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.capture(held.id, {"amount_to_capture": 4901})
    assert refused.value.code == "amount_too_large"
    taken = client.v1.payment_intents.capture(
        held.id, {"amount_to_capture": 4000, "expand": ["latest_charge"]}
    )
    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 4000, 0)
    charge = taken.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.captured, charge.amount_captured, charge.amount_refunded) == (True, 4000, 900)
    with pytest.raises(stripe.InvalidRequestError, match="could not be captured"):
        client.v1.payment_intents.capture(held.id)
    assert told(client)[1:] == [
        "charge.succeeded", "payment_intent.amount_capturable_updated", "charge.captured", "payment_intent.succeeded",
    ]  # fmt: skip


def test_a_canceled_authorisation_gives_the_money_back(client: stripe.StripeClient) -> None:
    held = pay(client, capture_method="manual")
    gone = client.v1.payment_intents.cancel(held.id, {"cancellation_reason": "requested_by_customer"})
    assert (gone.status, gone.cancellation_reason, gone.amount_capturable) == (
        "canceled",
        "requested_by_customer",
        0,
    )
    (charge,) = client.v1.charges.list({"payment_intent": held.id}).data
    assert (charge.refunded, charge.balance_transaction) == (True, None)
    assert told(client)[-2:] == ["charge.refunded", "payment_intent.canceled"]


def test_what_has_ended_can_not_be_confirmed_canceled_or_repriced(client: stripe.StripeClient) -> None:
    done = pay(client)
    acts: list[Callable[[], object]] = [
        lambda: client.v1.payment_intents.confirm(done.id, {"payment_method": "pm_card_visa"}),
        lambda: client.v1.payment_intents.cancel(done.id),
        lambda: client.v1.payment_intents.update(done.id, {"amount": 100}),
    ]
    for act in acts:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            act()
        assert refused.value.code == "payment_intent_unexpected_state"
        assert refused.value.error is not None
        assert refused.value.error.payment_intent is not None
        assert refused.value.error.payment_intent.status == "succeeded"
    noted = client.v1.payment_intents.update(done.id, {"metadata": {"note": "kept"}})
    assert noted.metadata.to_dict() == {"note": "kept"}


def test_an_open_intent_may_be_changed(client: stripe.StripeClient) -> None:
    made = client.v1.payment_intents.create({"amount": 4900, "currency": "usd"})
    changed = client.v1.payment_intents.update(
        made.id,
        {"amount": 5900, "currency": "eur", "description": "Course", "payment_method": "pm_card_visa"},
    )
    assert (changed.amount, changed.currency, changed.status) == (5900, "eur", "requires_confirmation")


def test_confirming_without_a_method_or_without_a_return_url_is_refused(client: stripe.StripeClient) -> None:
    made = client.v1.payment_intents.create({"amount": 4900, "currency": "usd"})
    with pytest.raises(stripe.InvalidRequestError, match="missing a payment method"):
        client.v1.payment_intents.confirm(made.id, {"return_url": "http://shop.test"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa"})
    assert refused.value.param == "return_url"


def test_payment_method_types_are_refused_by_name(client: stripe.StripeClient, stand_in: StandIn) -> None:
    gone: Any = {"amount": 4900, "currency": "usd", "payment_method_types": ["card"]}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create(gone)
    assert refused.value.code == "payment_method_types_no_longer_supported"
    assert refused.value.param == "payment_method_types"
    assert stand_in.control("/state")["objects"] == {}


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"amount": 0}, "amount", "parameter_invalid_integer"),
        ({"amount": 49}, "amount", "amount_too_small"),
        ({"amount": 100_000_000}, "amount", "amount_too_large"),
        ({"currency": "gold"}, "currency", None),
        ({"customer": "cus_nobody"}, "customer", "resource_missing"),
        ({"payment_method": "pm_nothing"}, "payment_method", "resource_missing"),
        ({"return_url": "http://shop.test"}, "return_url", "parameter_unknown"),
    ],
)
def test_an_impossible_intent_is_refused(
    client: stripe.StripeClient, stand_in: StandIn, changes: Any, param: str, code: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.create({"amount": 4900, "currency": "usd"} | changes)
    assert (refused.value.param, refused.value.code) == (param, code)
    assert stand_in.control("/state")["objects"] == {}


def test_a_method_used_without_a_customer_is_used_up(client: stripe.StripeClient) -> None:
    method = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    pay(client, payment_method=method.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        pay(client, payment_method=method.id)


def test_a_customers_method_pays_for_that_customer_only_and_can_be_kept(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create()
    first = pay(client, customer=customer.id, setup_future_usage="off_session")
    (kept,) = client.v1.payment_methods.list({"customer": customer.id}).data
    assert first.payment_method == kept.id
    assert pay(client, customer=customer.id, payment_method=kept.id, off_session=True).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="belongs to the Customer"):
        pay(client, payment_method=kept.id)


def test_a_phone_reads_and_confirms_its_own_intent_and_nothing_else(
    client: stripe.StripeClient, phone: stripe.StripeClient
) -> None:
    made = client.v1.payment_intents.create({"amount": 4900, "currency": "usd"})
    secret = str(made.client_secret)
    assert phone.v1.payment_intents.retrieve(made.id, {"client_secret": secret}).amount == 4900
    for wrong in ({}, {"client_secret": f"{made.id}_secret_guess"}):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            phone.v1.payment_intents.retrieve(made.id, wrong)  # type: ignore[arg-type]
        assert refused.value.param == "client_secret"
    acts: list[Callable[[], object]] = [
        phone.v1.payment_intents.list,
        lambda: phone.v1.payment_intents.cancel(made.id),
        phone.v1.customers.create,
    ]
    for act in acts:
        with pytest.raises(stripe.PermissionError):
            act()


def test_intents_are_listed_by_customer(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create()
    mine = pay(client, customer=customer.id)
    pay(client)
    assert [one.id for one in client.v1.payment_intents.list({"customer": customer.id}).data] == [mine.id]
