"""Cursor pages and ``expand[]``, the same for every resource."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.purchases import pay
from tests.sandbox.stripe.stand_in import StandIn


def test_pages_go_on_and_back_newest_first(client: stripe.StripeClient) -> None:
    made = [client.v1.customers.create().id for _ in range(7)]
    made.reverse()
    first = client.v1.customers.list({"limit": 3})
    assert ([one.id for one in first.data], first.has_more) == (made[:3], True)
    second = client.v1.customers.list({"limit": 3, "starting_after": made[2]})
    assert ([one.id for one in second.data], second.has_more) == (made[3:6], True)
    last = client.v1.customers.list({"limit": 3, "starting_after": made[5]})
    assert ([one.id for one in last.data], last.has_more) == (made[6:], False)
    back = client.v1.customers.list({"limit": 3, "ending_before": made[6]})
    assert ([one.id for one in back.data], back.has_more) == (made[3:6], True)
    start = client.v1.customers.list({"limit": 5, "ending_before": made[3]})
    assert ([one.id for one in start.data], start.has_more) == (made[:3], False)
    assert [one.id for one in first.auto_paging_iter()] == made


def test_a_page_has_ten_and_at_most_a_hundred(client: stripe.StripeClient) -> None:
    for _ in range(11):
        client.v1.customers.create()
    assert len(client.v1.customers.list().data) == 10
    for limit in (0, 101):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.customers.list({"limit": limit})
        assert refused.value.param == "limit"
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.customers.list({"starting_after": "cus_nobody"})
    assert refused.value.param == "starting_after"


def test_created_selects_by_the_stand_ins_clock(client: stripe.StripeClient, stand_in: StandIn) -> None:
    made = []
    for moment in (1_000_000, 2_000_000, 3_000_000):
        stand_in.control("/clock", {"now": moment})
        made.append(client.v1.customers.create())
    assert [one.created for one in made] == [1_000_000, 2_000_000, 3_000_000]

    def listed(created: Any) -> list[str]:
        return [one.id for one in client.v1.customers.list({"created": created}).data]

    assert listed({"gte": 2_000_000}) == [made[2].id, made[1].id]
    assert listed({"gt": 2_000_000}) == [made[2].id]
    assert listed({"lt": 2_000_000}) == [made[0].id]
    assert listed({"lte": 2_000_000, "gt": 1_000_000}) == [made[1].id]
    assert listed(2_000_000) == [made[1].id]


def test_expansion_goes_four_levels_deep_and_into_lists(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    customer = client.v1.customers.create()
    pay(client, customer=customer.id)
    stand_in.control("/settle", {})
    listed = client.v1.payment_intents.list(
        {"expand": ["data.latest_charge.balance_transaction.source", "data.customer"]}
    )
    (intent,) = listed.data
    charge: Any = intent.latest_charge
    assert isinstance(intent.customer, stripe.Customer)
    assert charge.balance_transaction.source.id == charge.id
    with pytest.raises(stripe.InvalidRequestError, match="more than 4 levels"):
        client.v1.payment_intents.list({"expand": ["data.latest_charge.balance_transaction.source.customer"]})


def test_what_is_null_or_gone_expands_to_null_or_a_tombstone(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create()
    made = client.v1.payment_intents.create(
        {"amount": 100, "currency": "usd", "expand": ["latest_charge.customer"]}
    )
    assert made.latest_charge is None
    paid = pay(client, customer=customer.id)
    client.v1.customers.delete(customer.id)
    assert client.v1.payment_intents.retrieve(paid.id).customer == customer.id


@pytest.mark.parametrize("path", ["amount", "nothing", "latest_charge.nothing", "data.customer"])
def test_what_is_no_object_can_not_be_expanded(client: stripe.StripeClient, path: str) -> None:
    paid = pay(client)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.payment_intents.retrieve(paid.id, {"expand": [path]})
