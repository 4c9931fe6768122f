"""Customers through the SDK."""

from __future__ import annotations

import pytest
import stripe


def test_a_customer_is_created_read_changed_and_deleted(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create(
        {
            "email": "ada@azora.test",
            "name": "Ada",
            "metadata": {"person": "1", "kind": "learner"},
            "address": {"line1": "1 High Street", "country": "GB"},
            "shipping": {"name": "Ada", "address": {"city": "London"}},
            "preferred_locales": ["en", "fr"],
        }
    )
    assert made.id.startswith("cus_")
    assert client.v1.customers.retrieve(made.id).to_dict() == made.to_dict()

    changed = client.v1.customers.update(made.id, {"name": "", "metadata": {"kind": "", "since": "2026"}})
    assert changed.name is None
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"person": "1", "since": "2026"}

    assert client.v1.customers.delete(made.id).deleted is True
    assert client.v1.customers.retrieve(made.id).deleted is True
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.customers.update(made.id, {"name": "Ada"})


def test_events_tell_of_each_change_and_what_was_before(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"email": "ada@azora.test", "address": {"line1": "1", "city": "X"}})
    client.v1.customers.update(made.id, {"email": "grace@azora.test", "address": {"line1": "2", "city": "X"}})
    client.v1.customers.update(made.id, {"email": "grace@azora.test"})
    client.v1.customers.delete(made.id)
    told = list(reversed(client.v1.events.list().data))
    assert [event.type for event in told] == ["customer.created", "customer.updated", "customer.deleted"]
    previous = told[1].data.previous_attributes
    assert previous is not None
    assert previous.to_dict() == {"email": "ada@azora.test", "address": {"line1": "1"}}


def test_customers_are_listed_by_email_and_deleted_ones_are_not(client: stripe.StripeClient) -> None:
    wanted = client.v1.customers.create({"email": "ada@azora.test"})
    client.v1.customers.create({"email": "grace@azora.test"})
    gone = client.v1.customers.create({"email": "ada@azora.test"})
    client.v1.customers.delete(gone.id)
    assert [one.id for one in client.v1.customers.list({"email": "ada@azora.test"}).data] == [wanted.id]


def test_a_customer_may_bring_a_payment_method_and_have_a_default(client: stripe.StripeClient) -> None:
    made = client.v1.customers.create({"payment_method": "pm_card_visa"})
    (method,) = client.v1.customers.payment_methods.list(made.id).data
    assert client.v1.customers.payment_methods.retrieve(made.id, method.id).customer == made.id
    changed = client.v1.customers.update(
        made.id,
        {
            "invoice_settings": {"default_payment_method": method.id},
            "expand": ["invoice_settings.default_payment_method"],
        },
    )
    assert changed.invoice_settings is not None
    default = changed.invoice_settings.default_payment_method
    assert isinstance(default, stripe.PaymentMethod)
    assert default.id == method.id


def test_another_customers_method_can_not_be_the_default(client: stripe.StripeClient) -> None:
    owner = client.v1.customers.create({"payment_method": "pm_card_visa"})
    other = client.v1.customers.create()
    (method,) = client.v1.customers.payment_methods.list(owner.id).data
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.update(other.id, {"invoice_settings": {"default_payment_method": method.id}})
    assert refused.value.param == "invoice_settings[default_payment_method]"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.payment_methods.retrieve(other.id, method.id)


def test_what_is_no_email_address_is_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.create({"email": "ada"})
    assert refused.value.code == "email_invalid"
