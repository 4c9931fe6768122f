"""Payment methods: magic names, raw test numbers, and whose they are."""

from __future__ import annotations

import pytest
import stripe

from tests.sandbox.stripe.stand_in import StandIn


def a_card(number: str, **more: object) -> object:
    return {
        "type": "card",
        "card": {"number": number, "exp_month": 12, "exp_year": 2034, "cvc": "123"} | more,
    }


@pytest.mark.parametrize(
    ("number", "brand", "last4"),
    [
        ("4242424242424242", "visa", "4242"),
        ("5555 5555 5555 4444", "mastercard", "4444"),
        ("378282246310005", "amex", "0005"),
    ],
)
def test_a_test_number_makes_a_card(client: stripe.StripeClient, number: str, brand: str, last4: str) -> None:
    made = client.v1.payment_methods.create(a_card(number))  # type: ignore[arg-type]
    assert made.card is not None
    assert (made.card.brand, made.card.last4, made.customer) == (brand, last4, None)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (a_card("4242424242424241"), "incorrect_number"),
        (a_card("4111111111111111"), "card_declined"),
        (a_card("4242424242424242", exp_month=13), "invalid_expiry_month"),
        (a_card("4242424242424242", exp_year=2020), "invalid_expiry_year"),
    ],
)
def test_a_card_that_can_not_be_is_a_card_error(
    client: stripe.StripeClient, given: object, code: str
) -> None:
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.create(given)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_a_token_makes_a_card_and_an_unknown_one_does_not(client: stripe.StripeClient) -> None:
    made = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_mastercard"}})
    assert made.card is not None
    assert made.card.brand == "mastercard"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_gold"}})
    assert refused.value.code == "resource_missing"


def test_a_phone_makes_a_card_with_the_publishable_key(phone: stripe.StripeClient) -> None:
    made = phone.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    assert made.id.startswith("pm_")


def test_a_method_is_attached_changed_listed_and_detached_for_good(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create()
    other = client.v1.customers.create()
    made = client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    with pytest.raises(stripe.InvalidRequestError, match="save this PaymentMethod to a customer"):
        client.v1.payment_methods.update(made.id, {"metadata": {"a": "b"}})

    attached = client.v1.payment_methods.attach(made.id, {"customer": customer.id})
    assert attached.customer == customer.id
    with pytest.raises(stripe.InvalidRequestError, match="already been attached"):
        client.v1.payment_methods.attach(made.id, {"customer": other.id})
    changed = client.v1.payment_methods.update(
        made.id, {"card": {"exp_year": 2040}, "billing_details": {"name": "Ada"}, "metadata": {"a": "b"}}
    )
    assert changed.card is not None
    assert (changed.card.exp_year, changed.billing_details.name) == (2040, "Ada")
    listed = client.v1.payment_methods.list({"customer": customer.id, "type": "card"})
    assert [one.id for one in listed.data] == [made.id]

    assert client.v1.payment_methods.detach(made.id).customer is None
    with pytest.raises(stripe.InvalidRequestError, match="detachment is impossible"):
        client.v1.payment_methods.detach(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        client.v1.payment_methods.attach(made.id, {"customer": customer.id})
    assert [event.type for event in client.v1.events.list({"type": "payment_method.*"}).data] == [
        "payment_method.detached",
        "payment_method.updated",
        "payment_method.attached",
    ]


def test_a_declining_card_can_not_be_attached_but_one_that_declines_later_can(
    client: stripe.StripeClient,
) -> None:
    customer = client.v1.customers.create()
    with pytest.raises(stripe.CardError) as refused:
        client.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    assert refused.value.code == "card_declined"
    attached = client.v1.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": customer.id})
    assert attached.customer == customer.id


def test_a_magic_name_can_be_read_and_an_unknown_one_can_not(client: stripe.StripeClient) -> None:
    assert client.v1.payment_methods.retrieve("pm_card_amex").id != "pm_card_amex"
    with pytest.raises(stripe.InvalidRequestError, match="No such PaymentMethod: 'pm_card_gold'"):
        client.v1.payment_methods.retrieve("pm_card_gold")


def test_other_types_than_cards_are_refused(client: stripe.StripeClient, stand_in: StandIn) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_methods.create({"type": "sepa_debit"})
    assert refused.value.param == "type"
    assert stand_in.control("/state")["objects"] == {}
