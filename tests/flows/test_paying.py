"""An amount is paid as a course is: one payment, one intent, and all of it is the platform's."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Invalid
from azora_admin.core.money import Money
from azora_admin.flows import asking, paying
from azora_admin.flows.checkout import Purchase
from azora_admin.flows.paying import AmountOrder
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.identity.rules import SignedIn
from azora_admin.messaging.replies import KeyReused
from azora_admin.reports.verification import Verdict, verify
from tests.refunding import actor_of
from tests.selling import ASK_AFTER, Shop

pytestmark = pytest.mark.usefixtures("test_clock")

WORKSHOP = AmountOrder(Money(12_500, "eur"), "Workshop in Bergen", request_key="one")


def pay(shop: Shop, payer: SignedIn, order: AmountOrder = WORKSHOP) -> Purchase:
    return paying.pay_amount(shop.stripe, payer, actor_of(payer), order, ask_after=ASK_AFTER)


def test_an_amount_is_an_intent_and_once_paid_the_platforms_revenue(shop: Shop) -> None:
    made = pay(shop, shop.person())
    (intent,) = shop.intents()
    assert (intent.amount, intent.currency, intent.description) == (12_500, "eur", "Workshop in Bergen")
    assert intent.metadata["payment_id"] == str(made.payment.id)
    assert shop.confirm(made) == "succeeded"
    shop.tell_fees()
    shop.hear()
    sale = shop.books().entries[0]
    assert sale == ("sale", str(made.payment.id), (("platform:revenue", 12_500), ("stripe:balance", -12_500)))
    assert shop.books().grants == []
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_an_amount_can_be_refunded_and_ends_nobodys_access(shop: Shop) -> None:
    made = pay(shop, shop.person())
    shop.confirm(made)
    shop.tell_fees()
    shop.hear()
    assert shop.refund(made.payment.id).state == "succeeded"
    assert "platform:revenue" not in shop.balances()
    assert verify(shop.stripe) == Verdict([], waiting=0)


@pytest.mark.parametrize(
    ("minor", "currency", "told"), [(5000, "isk", 500_000), (9000, "ugx", 900_000), (1010, "kwd", 1010)]
)
def test_an_amount_is_written_and_read_as_stripe_writes_its_currency(
    shop: Shop, minor: int, currency: str, told: int
) -> None:
    made = pay(shop, shop.person(), AmountOrder(Money(minor, currency), "Workshop"))
    assert [intent.amount for intent in shop.intents()] == [told]
    assert shop.confirm(made) == "succeeded"
    shop.hear()
    assert (shop.payment().status, shop.payment().amount_minor) == ("completed", minor)


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/payment_intents"])
@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "500_after", "timeout_after", "429"])
def test_the_same_request_again_goes_on_with_the_payment_whose_answer_was_lost(
    shop: Shop, path: str, kind: str
) -> None:
    payer = shop.person()
    shop.fail_next(path, kind)
    with pytest.raises(NoAnswer):
        pay(shop, payer)
    assert shop.payment().status == "unknown"
    made = pay(shop, payer)
    assert [payment.id for payment in shop.payments()] == [made.payment.id]
    assert [intent.id for intent in shop.intents()] == [made.payment.stripe_payment_intent_id]


def test_another_request_is_another_payment(shop: Shop) -> None:
    payer, other = shop.person(), shop.person()
    made = {
        pay(shop, payer).payment.id,
        pay(shop, payer, replace(WORKSHOP, request_key="two")).payment.id,
        pay(shop, payer, replace(WORKSHOP, request_key=None)).payment.id,
        pay(shop, payer, replace(WORKSHOP, request_key=None)).payment.id,
        pay(shop, other).payment.id,
    }
    assert len(made) == len(shop.intents()) == 5


@pytest.mark.parametrize("other", [{"amount": Money(12_501, "eur")}, {"description": "Another workshop"}])
def test_a_request_that_asks_for_something_else_under_the_same_name_is_refused(
    shop: Shop, other: dict[str, object]
) -> None:
    payer = shop.person()
    pay(shop, payer)
    with pytest.raises(KeyReused):
        pay(shop, payer, replace(WORKSHOP, **other))  # type: ignore[arg-type]
    assert len(shop.payments()) == 1


def test_a_name_that_was_used_days_ago_is_free_again(shop: Shop, test_clock: FixedClock) -> None:
    payer = shop.person()
    first = pay(shop, payer)
    test_clock.advance(timedelta(days=3, seconds=1))
    assert pay(shop, payer).payment.id != first.payment.id


def test_what_was_paid_meanwhile_is_told_as_paid(shop: Shop) -> None:
    payer = shop.person()
    shop.confirm(pay(shop, payer))
    again = pay(shop, payer)
    assert (again.payment.status, again.is_over) == ("completed", True)
    assert len(shop.payments()) == 1


def test_what_was_given_up_makes_room_for_the_same_again(shop: Shop, test_clock: FixedClock) -> None:
    payer = shop.person()
    first = pay(shop, payer)
    test_clock.advance(timedelta(hours=24, seconds=1))
    asking.ask(shop.stripe, first.payment.id)
    assert pay(shop, payer).payment.id != first.payment.id
    assert [payment.status for payment in shop.payments()] == ["cancelled", "pending"]


@pytest.mark.parametrize(
    ("order", "field", "code"),
    [
        (AmountOrder(Money(49, "eur"), "Workshop"), "amount", "amount_too_small"),
        (AmountOrder(Money(100_000_000, "eur"), "Workshop"), "amount", "amount_too_large"),
        (AmountOrder(Money(1001, "kwd"), "Workshop"), "amount", "not_a_multiple_of_ten"),
        (AmountOrder(Money(4900, "eur"), "  "), "description", "invalid_length"),
        (AmountOrder(Money(4900, "eur"), "x" * 201), "description", "invalid_length"),
        (AmountOrder(Money(4900, "eur"), "Work\nshop"), "description", "control_character"),
    ],
)
def test_what_can_not_be_charged_is_refused_before_anything_is_written(
    shop: Shop, order: AmountOrder, field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        pay(shop, shop.person(), order)
    assert [(error.field, error.code) for error in refused.value.errors] == [(field, code)]
    assert shop.payments() == shop.intents() == []
