"""A payer gives up what is not paid: here and at Stripe, or nowhere."""

from __future__ import annotations

from contextlib import suppress

import pytest

from azora_admin.core.errors import Conflict, NotFound
from azora_admin.core.ids import PaymentId
from azora_admin.flows import asking, cancelling
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.identity.rules import SignedIn
from tests.refunding import actor_of
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")
FAULTS = [
    "reset_before",
    "reset_after",
    "500_before",
    "500_after",
    "timeout_after",
    "429",
    "429_lock_timeout",
]


def cancel(shop: Shop, payer: SignedIn, payment_id: PaymentId) -> str:
    return cancelling.cancel(shop.stripe, payer, actor_of(payer), payment_id=payment_id).status


def test_an_open_payment_is_cancelled_by_its_payer_and_at_stripe(shop: Shop) -> None:
    payer = shop.person()
    made = shop.order(payer, shop.course())
    for _ in range(2):
        assert cancel(shop, payer, made.payment.id) == "cancelled"
    (intent,) = shop.intents()
    assert (intent.status, intent.cancellation_reason) == ("canceled", "requested_by_customer")
    with pytest.raises(NotFound):
        cancel(shop, shop.person(), made.payment.id)


def test_what_was_paid_meanwhile_is_not_cancelled_but_completed(shop: Shop) -> None:
    payer = shop.person()
    made = shop.order(payer, shop.course())
    shop.confirm(made)
    with pytest.raises(Conflict) as refused:
        cancel(shop, payer, made.payment.id)
    assert refused.value.code == "payment_not_cancellable"
    assert shop.payment().status == "completed"
    assert len(shop.books().grants) == 1


@pytest.mark.parametrize("kind", FAULTS)
def test_a_cancellation_whose_answer_was_lost_is_made_by_the_same_call_again(shop: Shop, kind: str) -> None:
    payer = shop.person()
    made = shop.order(payer, shop.course())
    shop.fail_next("/v1/payment_intents/*/cancel", kind)
    with suppress(NoAnswer):
        cancel(shop, payer, made.payment.id)
    with suppress(NoAnswer):  # a 500 is kept under the key
        cancel(shop, payer, made.payment.id)
    asking.ask(shop.stripe, made.payment.id)
    assert [intent.status for intent in shop.intents()] == (
        ["requires_payment_method"] if shop.payment().status == "pending" else ["canceled"]
    )


def test_an_unknown_order_is_taken_to_stripe_before_it_is_cancelled(shop: Shop) -> None:
    payer = shop.person()
    shop.fail_next("/v1/payment_intents", "reset_after")
    with suppress(NoAnswer):
        shop.order(payer, shop.course())
    assert cancel(shop, payer, PaymentId(shop.payment().id)) == "cancelled"
    assert [intent.status for intent in shop.intents()] == ["canceled"]
