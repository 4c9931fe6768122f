"""What people pay with is kept as Stripe has it, whatever the order of its news, and nothing but what a card shows."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import NotFound
from azora_admin.core.ids import SetupId
from azora_admin.flows import saving
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.gateways.stripe.methods import detach_method
from azora_admin.identity.rules import SignedIn
from tests.messaging.events import jobs
from tests.refunding import actor_of
from tests.selling import ASK_AFTER, VISA, Shop

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
STEPS = ["/v1/customers", "/v1/setup_intents"]
DAY = timedelta(hours=24)


def begin(shop: Shop, person: SignedIn, key: str | None = "one") -> saving.Begun:
    return saving.begin(shop.stripe, person, actor_of(person), request_key=key, ask_after=ASK_AFTER)


def setups() -> list[Any]:
    with db.reading() as session:
        return list(
            session.execute(text("SELECT id, state, next_ask_at FROM method_setup ORDER BY created_at"))
        )


def ask(shop: Shop) -> None:
    saving.ask(shop.stripe, SetupId(setups()[0].id))


def test_a_card_that_is_set_up_is_kept_as_it_shows_and_the_first_is_the_default(shop: Shop) -> None:
    person = shop.person()
    shop.save(person)
    shop.save(person, "pm_card_mastercard")
    first, second = shop.methods(person)
    assert (first.kind, first.brand, first.last4, first.exp_month, first.exp_year) == (
        "card", "visa", "4242", 12, 2034,
    )  # fmt: skip
    assert (first.is_default, second.is_default, second.brand) == (True, False, "mastercard")
    assert [one.state for one in setups()] == ["succeeded"] * 2
    assert [one.next_ask_at for one in setups()] == [None] * 2


@pytest.mark.parametrize("seed", range(4))
def test_news_in_any_order_and_twice_end_the_same(shop: Shop, seed: int) -> None:
    person = shop.person()
    begun = begin(shop, person)
    assert shop.confirm_setup(begun) == "succeeded"
    method = str(
        shop.office.v1.setup_intents.retrieve(str(begun.setup.stripe_setup_intent_id)).payment_method
    )
    shop.stand_in.control(f"/payment_methods/{method}", {"last4": "1881", "exp_year": 2040})
    news = shop.events() * 2
    random.Random(seed).shuffle(news)
    shop.handle(news)
    (kept,) = shop.methods(person)
    assert (kept.last4, kept.exp_year, kept.is_default) == ("1881", 2040, True)
    shop.office.v1.payment_methods.detach(method)
    news = shop.events() * 2
    random.Random(seed).shuffle(news)
    shop.handle(news)
    assert shop.methods(person) == []
    assert {one.state for one in shop.inbox().values()} == {"handled"}


@pytest.mark.parametrize("path", STEPS)
@pytest.mark.parametrize("kind", FAULTS)
def test_whatever_breaks_the_same_request_later_goes_on_with_one_setup(
    shop: Shop, path: str, kind: str
) -> None:
    person = shop.person()
    shop.fail_next(path, kind)
    with pytest.raises(NoAnswer):
        begin(shop, person)
    assert [one.state for one in setups()] == ["unknown"]
    begun = begin(shop, person)
    assert [one.state for one in setups()] == ["open"]
    assert [one.id for one in shop.office.v1.setup_intents.list().data] == [
        begun.setup.stripe_setup_intent_id
    ]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_setup_whose_answer_was_lost_is_asked_for(shop: Shop, test_clock: FixedClock, kind: str) -> None:
    shop.fail_next("/v1/setup_intents", kind)
    with suppress(NoAnswer):
        begin(shop, shop.person())
    assert saving.enqueue_due(first_pause=ASK_AFTER) == 0
    test_clock.advance(ASK_AFTER)
    assert saving.enqueue_due(first_pause=ASK_AFTER) == 1
    ask(shop)
    assert [one.state for one in setups()] == ["open"]
    assert len(shop.office.v1.setup_intents.list().data) == 1


def test_a_method_whose_events_were_lost_is_kept_by_an_ask(shop: Shop) -> None:
    person = shop.person()
    shop.confirm_setup(begin(shop, person))
    ask(shop)
    assert [one.last4 for one in shop.methods(person)] == ["4242"]


def test_a_setup_that_nobody_finishes_is_cancelled_after_a_day(shop: Shop, test_clock: FixedClock) -> None:
    begin(shop, shop.person())
    test_clock.advance(DAY + timedelta(seconds=1))
    ask(shop)
    assert [(one.state, one.next_ask_at) for one in setups()] == [("cancelled", None)]
    (intent,) = shop.office.v1.setup_intents.list().data
    assert (intent.status, intent.cancellation_reason) == ("canceled", "abandoned")


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_after_a_day_a_setup_is_looked_for_and_not_sent_anew(
    shop: Shop, test_clock: FixedClock, kind: str
) -> None:
    shop.fail_next("/v1/setup_intents", kind)
    with suppress(NoAnswer):
        begin(shop, shop.person())
    test_clock.advance(2 * DAY)
    ask(shop)
    assert [one.state for one in setups()] == ["cancelled"]
    statuses = [one.status for one in shop.office.v1.setup_intents.list().data]
    assert statuses == ([] if kind == "reset_before" else ["canceled"])


def test_a_declined_card_is_not_kept_and_another_one_may_follow(shop: Shop) -> None:
    person = shop.person()
    begun = begin(shop, person)
    assert shop.confirm_setup(begun, "pm_card_visa_chargeDeclined") == "generic_decline"
    shop.hear()
    assert (shop.methods(person), [one.state for one in setups()]) == ([], ["open"])
    assert shop.confirm_setup(begun) == "succeeded"
    shop.hear()
    assert len(shop.methods(person)) == 1


def test_a_removed_method_is_gone_at_once_and_at_stripe_by_a_job(shop: Shop) -> None:
    person = shop.person()
    method_id, other = shop.save(person), shop.save(person, "pm_card_mastercard")
    stripe_id = shop.methods(person)[0].stripe_id
    with db.transaction() as session:
        saving.remove(session, actor_of(person), person_id=person.person_id, method_id=method_id)
    assert [(one.id, one.is_default) for one in shop.methods(person)] == [(other, True)]
    assert [job.name for job in jobs()][-1] == "money.detach_method"
    shop.hear()
    assert [one.id for one in shop.methods(person)] == [other]  # what Stripe still has does not bring it back
    for _ in range(2):
        detach_method(shop.stripe, stripe_id)
    assert shop.office.v1.payment_methods.retrieve(stripe_id).customer is None
    shop.hear()
    assert [one.id for one in shop.methods(person)] == [other]


def test_a_method_is_its_owners_alone(shop: Shop) -> None:
    person, other = shop.person(), shop.person()
    method_id = shop.save(person)
    for act in (saving.remove, saving.choose):
        with db.transaction() as session, pytest.raises(NotFound):
            act(session, actor_of(other), person_id=other.person_id, method_id=method_id)
    assert len(shop.methods(person)) == 1


def test_the_default_is_one_and_is_chosen(shop: Shop) -> None:
    person = shop.person()
    shop.save(person)
    second = shop.save(person, "pm_card_mastercard")
    with db.transaction() as session:
        chosen = saving.choose(session, actor_of(person), person_id=person.person_id, method_id=second)
    assert chosen.is_default
    assert [one.is_default for one in shop.methods(person)] == [False, True]


def test_a_strangers_method_is_no_news_for_us(shop: Shop) -> None:
    customer = shop.office.v1.customers.create()
    shop.office.v1.payment_methods.attach(VISA, {"customer": customer.id})
    shop.hear()
    assert [one.state for one in shop.inbox().values()] == ["ignored"]
