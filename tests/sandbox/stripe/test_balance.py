"""Balance transactions that arrive late, their fee, and the balance they add up to."""

from __future__ import annotations

import stripe
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.sandbox.stripe.settings import Settings, fee_of, settled
from tests.eventually import eventually
from tests.sandbox.stripe.purchases import pay, told
from tests.sandbox.stripe.stand_in import StandIn


def transaction_of(
    client: stripe.StripeClient, intent: stripe.PaymentIntent
) -> stripe.BalanceTransaction | None:
    seen = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge.balance_transaction"]})
    assert isinstance(seen.latest_charge, stripe.Charge)
    found = seen.latest_charge.balance_transaction
    assert found is None or isinstance(found, stripe.BalanceTransaction)
    return found


def test_it_is_null_at_first_and_comes_with_charge_updated(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    done = pay(client)
    assert transaction_of(client, done) is None
    assert "charge.updated" not in told(client)
    (succeeded,) = client.v1.events.list({"type": "charge.succeeded"}).data
    assert succeeded.data.object["balance_transaction"] is None

    assert stand_in.control("/clock", {"advance": 0.2})
    assert transaction_of(client, done) is None
    stand_in.control("/clock", {"advance": 0.2})
    found = transaction_of(client, done)
    assert found is not None
    assert (found.amount, found.fee, found.net, found.type) == (4900, 172, 4728, "charge")
    assert [(one.amount, one.type) for one in found.fee_details] == [(172, "stripe_fee")]
    (updated,) = client.v1.events.list({"type": "charge.updated"}).data
    assert updated.data.object["balance_transaction"] == found.id
    assert updated.data.previous_attributes is not None
    assert updated.data.previous_attributes.to_dict() == {"balance_transaction": None}
    assert updated.request is not None
    assert updated.request.id is None


def test_it_arrives_by_itself_as_time_passes(client: stripe.StripeClient, stand_in: StandIn) -> None:
    stand_in.control("/clock", {"now": None, "frozen": False})
    done = pay(client)
    assert eventually(lambda: transaction_of(client, done))


def test_a_synchronous_capture_has_it_at_once(client: stripe.StripeClient) -> None:
    assert transaction_of(client, pay(client, capture_method="automatic")) is not None


def test_settle_brings_what_is_due_later_now(client: stripe.StripeClient, stand_in: StandIn) -> None:
    done = [pay(client) for _ in range(3)]
    assert stand_in.control("/settle", {})["done"] == 3
    assert all(transaction_of(client, one) for one in done)


def test_only_what_was_captured_is_booked(client: stripe.StripeClient, stand_in: StandIn) -> None:
    held = pay(client, capture_method="manual")
    assert stand_in.control("/settle", {})["done"] == 0
    client.v1.payment_intents.capture(held.id, {"amount_to_capture": 1000})
    stand_in.control("/settle", {})
    found = transaction_of(client, held)
    assert found is not None
    assert (found.amount, found.fee) == (1000, 59)


def test_an_account_that_settles_in_one_currency_exchanges_the_others(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    stand_in.control("/settings", {"settlement_currency": "eur", "exchange_rate": 0.9137})
    dollars, euros = pay(client), pay(client, currency="eur")
    stand_in.control("/settle", {})
    found, own = transaction_of(client, dollars), transaction_of(client, euros)
    assert found is not None
    assert own is not None
    assert (found.amount, found.fee, found.net, found.currency) == (4477, 160, 4317, "eur")
    assert (found.exchange_rate, found.fee_details[0].currency) == (0.9137, "eur")
    assert (own.amount, own.currency, own.exchange_rate) == (4900, "eur", None)
    client.v1.refunds.create({"payment_intent": dollars.id, "amount": 1000})
    (refund,) = client.v1.balance_transactions.list({"type": "refund"}).data
    assert (refund.amount, refund.fee, refund.currency, refund.exchange_rate) == (-914, 0, "eur", 0.9137)
    (charge,) = client.v1.charges.list({"payment_intent": dollars.id}).data
    assert (charge.amount, charge.currency, charge.amount_refunded) == (4900, "usd", 1000)


@given(st.integers(0, 10**9), st.sampled_from(["jpy", "kwd", "isk", "eur"]))
def test_what_is_exchanged_is_rounded_to_what_stripe_writes_and_keeps_its_sign(
    amount: int, into: str
) -> None:
    settings = Settings(settlement_currency=into, exchange_rate=0.9137)
    moved, currency = settled(amount, "usd", settings)
    assert currency == into
    step = 100 if into == "isk" else 1
    assert moved % step == 0
    assert abs(moved * 10_000 - amount * 9137) <= 5_000 * step
    assert settled(-amount, "usd", settings) == (-moved, into)
    assert settled(amount, into, settings) == (amount, into)


def test_the_balance_is_pending_and_then_available(client: stripe.StripeClient, stand_in: StandIn) -> None:
    assert client.v1.balance.retrieve().available[0].amount == 0
    pay(client)
    pay(client, currency="jpy", amount=5000)
    stand_in.control("/settle", {})
    balance = client.v1.balance.retrieve()
    assert {one.currency: one.amount for one in balance.pending} == {"jpy": 4825, "usd": 4728}
    assert {one.amount for one in balance.available} == {0}
    stand_in.control("/clock", {"advance": 3 * 86_400})
    balance = client.v1.balance.retrieve()
    assert {one.currency: one.amount for one in balance.available} == {"jpy": 4825, "usd": 4728}
    assert {one.status for one in client.v1.balance_transactions.list().data} == {"available"}


def test_a_card_may_bypass_pending(client: stripe.StripeClient, stand_in: StandIn) -> None:
    pay(client, payment_method="pm_card_bypassPending")
    stand_in.control("/settle", {})
    assert client.v1.balance.retrieve().available[0].amount == 4728


def test_transactions_are_listed_by_source_type_and_currency(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    done = pay(client)
    pay(client, currency="eur")
    stand_in.control("/settle", {})
    assert isinstance(done.latest_charge, str)
    (found,) = client.v1.balance_transactions.list(
        {"source": done.latest_charge, "expand": ["data.source"]}
    ).data
    assert isinstance(found.source, stripe.Charge)
    assert client.v1.balance_transactions.retrieve(found.id).net == 4728
    assert len(client.v1.balance_transactions.list({"type": "charge"}).data) == 2
    assert len(client.v1.balance_transactions.list({"currency": "eur"}).data) == 1
    assert client.v1.balance_transactions.list({"type": "refund"}).data == []


def test_fee_and_delay_are_settings(client: stripe.StripeClient, stand_in: StandIn) -> None:
    changed = {"fee_basis_points": 150, "fee_fixed_minor": 25, "balance_transaction_delay": 0}
    assert stand_in.control("/settings", changed)["fee_basis_points"] == 150
    done = pay(client)
    found = eventually(lambda: transaction_of(client, done))
    assert found is not None
    assert found.fee == 99


@given(st.integers(1, 10**8), st.integers(0, 10_000), st.integers(0, 500))
def test_a_fee_is_whole_and_never_more_than_the_amount(amount: int, rate: int, fixed: int) -> None:
    fee = fee_of(amount, "usd", Settings(fee_basis_points=rate, fee_fixed_minor=fixed))
    assert 0 <= fee <= amount
    exact = amount * rate + fixed * 10_000
    assert fee == amount or abs(fee * 10_000 - exact) <= 5_000


@given(units=st.integers(1, 10**6), currency=st.sampled_from(["isk", "ugx"]))
def test_a_fee_is_whole_where_stripe_writes_two_decimals_that_are_none(units: int, currency: str) -> None:
    amount = units * 100
    fee = fee_of(amount, currency, Settings())
    assert 0 < fee <= amount
    assert fee % 100 == 0
