"""Sales and refunds while network, Stripe and our own process fail at random: one effect at Stripe and in the books.

Every seed is one story. ``AZORA_FAULT_SEEDS`` says how many are told; a story that fails is told again by its number.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Final, TypeVar

from stripe._v1_services import V1Services

from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.core.errors import DomainError
from azora_admin.core.ids import PaymentId
from azora_admin.core.money import Money
from azora_admin.flows import asking, paying, refund_sending
from azora_admin.flows.charging import Means
from azora_admin.flows.checkout import Purchase
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.payments.rules.refunds import UNSENT
from azora_admin.reports.verification import Verdict, verify
from tests.databases import PreparedDatabase
from tests.refunding import PENDING, actor_of
from tests.selling import ASK_AFTER, VISA, Shop

SEEDS: Final = int(os.environ.get("AZORA_FAULT_SEEDS", "12"))
KINDS: Final = (
    *("reset_before", "reset_after", "500_before", "500_after", "timeout_after"),
    *("429", "429_lock_timeout"),
)
CALLS: Final = (
    ("POST", "/v1/customers"),
    ("GET", "/v1/customers"),
    ("POST", "/v1/payment_intents"),
    ("GET", "/v1/payment_intents"),
    ("GET", "/v1/payment_intents/*"),
    ("POST", "/v1/payment_intents/*/confirm"),
    ("POST", "/v1/refunds"),
    ("GET", "/v1/refunds"),
    ("GET", "/v1/refunds/*"),
)
T = TypeVar("T")


class Killed(BaseException):
    """The process is gone: nothing catches it but the story's teller, who starts another one."""


WHATEVER: Final = (Killed, DomainError)


class MortalConnection(StripeConnection):
    """Our process may die before a call, or after Stripe has done what it was asked and before we know."""

    def __init__(self, settings: Settings, chance: Random) -> None:
        super().__init__(settings, read_seconds=0.4, retries=0)
        self._chance = chance
        self.is_mortal = True

    def call(self, send: Callable[[V1Services], T]) -> T:
        if self.is_mortal and self._chance.random() < 0.08:
            raise Killed
        answer = super().call(send)
        if self.is_mortal and self._chance.random() < 0.08:
            raise Killed
        return answer


class Story:
    """One seed: a sale, refunds of it, and everything that goes wrong on the way."""

    def __init__(self, shop: Shop, clock: FixedClock, seed: int) -> None:
        self.shop, self.clock, self.chance = shop, clock, Random(seed)
        self.connection = MortalConnection(shop.settings, self.chance)
        shop.stripe = self.connection
        self.payer = shop.person()
        self.heard = 0
        self.card = self.chance.choice((VISA, VISA, PENDING))
        self.is_charged = self.chance.random() < 0.4

    def tell(self) -> None:
        bought = self.buy()
        self.pay(bought)
        self.some_news()
        for _ in range(self.chance.randint(0, 3)):
            self.refund(bought.payment.id)
            self.some_time()
        self.end()

    def buy(self) -> Purchase:
        course = self.shop.course()
        wanted = paying.AmountOrder(Money(9900, "eur"), "Workshop", request_key="one")
        is_amount = self.chance.random() < 0.3
        if self.is_charged:
            self.connection.is_mortal = False
            wanted = replace(wanted, means=Means(self.shop.save(self.payer, self.card), off_session=True))
            self.connection.is_mortal = True
        self.trouble(4)
        for _ in range(60):
            with suppress(*WHATEVER):
                if is_amount or self.is_charged:
                    return paying.pay_amount(
                        self.shop.stripe, self.payer, actor_of(self.payer), wanted, ask_after=ASK_AFTER
                    )
                return self.shop.order(self.payer, course)
            self.some_time()
        raise AssertionError("no order came about")

    def pay(self, bought: Purchase) -> None:
        self.shop.stand_in.control("/faults/clear", {})
        if self.is_charged:
            assert bought.payment.status == "completed"
            return
        if self.chance.random() < 0.2:
            assert self.shop.confirm(bought, "pm_card_visa_chargeDeclined") == "generic_decline"
            self.some_news()
        assert self.shop.confirm(bought, self.card) == "succeeded"

    def refund(self, payment_id: PaymentId) -> None:
        self.trouble(3)
        amount = self.chance.choice((None, self.chance.randint(1, 3000)))
        with suppress(*WHATEVER):
            self.shop.refund(payment_id, amount)
        self.some_news()

    def trouble(self, most: int) -> None:
        for _ in range(self.chance.randint(0, most)):
            method, path = self.chance.choice(CALLS)
            fault = {"method": method, "path": path, "kind": self.chance.choice(KINDS), "times": 1}
            self.shop.stand_in.control("/faults", [fault])

    def some_time(self) -> None:
        """The clock asks about what nobody told."""
        self.pass_by(timedelta(seconds=self.chance.choice((1, 20, 60, 600))))
        self.ask()

    def some_news(self) -> None:
        """Some of Stripe's events come, in any order, some twice."""
        events = self.shop.events()
        came = [event for event in events[self.heard :] * 2 if self.chance.random() < 0.4]
        self.heard = len(events)
        self.chance.shuffle(came)
        for event in came:
            with suppress(*WHATEVER):
                self.shop.handle([event])

    def ask(self) -> None:
        asking.enqueue_due(first_pause=ASK_AFTER)
        refund_sending.enqueue_due(first_pause=ASK_AFTER)
        for payment in self.shop.payments():
            with suppress(*WHATEVER):
                asking.ask(self.shop.stripe, PaymentId(payment.id))
        for refund in self.shop.refunds():
            with suppress(*WHATEVER):
                refund_sending.ask(self.shop.stripe, refund.id)

    def pass_by(self, time: timedelta) -> None:
        self.clock.advance(time)
        self.shop.hold_time()

    def end(self) -> None:
        """What goes wrong has an end; Stripe tells nothing any more, and the clock asks for all that is open."""
        self.shop.stand_in.control("/faults/clear", {})
        self.connection.is_mortal = False
        self.shop.tell_fees()
        for _ in range(4):
            self.pass_by(timedelta(minutes=5))
            self.ask()


def what_is_true_in_the_end(shop: Shop) -> None:
    paid = [payment for payment in shop.payments() if payment.settled_at is not None]
    (payment,) = paid
    assert payment.status in ("completed", "partially_refunded", "refunded")
    assert [one.status for one in shop.office.v1.charges.list({"limit": 100}).data].count("succeeded") == 1
    (charged,) = [intent for intent in shop.intents() if intent.status == "succeeded"]
    assert charged.id == payment.stripe_payment_intent_id
    assert len(shop.intents()) == len(shop.payments()) == 1
    assert len(shop.office.v1.customers.list({"limit": 100}).data) == 1
    assert payment.next_ask_at is None
    ours = [one for one in shop.refunds() if one.state != "failed"]
    assert not any(one.state in UNSENT for one in ours)
    theirs = shop.refunds_at_stripe()
    assert sorted((one.stripe_refund_id or "", one.amount.amount) for one in ours) == sorted(
        (one.id, one.amount) for one in theirs
    )
    assert payment.refunded_minor == sum(one.amount for one in theirs)
    kinds = [kind for kind, _, _ in shop.books().entries]
    assert (kinds.count("sale"), kinds.count("processing_fee")) == (1, 1)
    assert kinds.count("refund_reserved") - kinds.count("refund_failed") == len(theirs)
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_whatever_fails_a_sale_and_its_refunds_have_one_effect(
    shop: Shop, test_clock: FixedClock, migrated_database: PreparedDatabase
) -> None:
    first = int(os.environ.get("AZORA_FAULT_FIRST", "1"))
    for seed in range(first, first + SEEDS):
        shop.stand_in.control("/reset", {})
        migrated_database.restore()
        shop.__dict__.pop("finance", None)
        shop.hold_time()
        try:
            Story(shop, test_clock, seed).tell()
            what_is_true_in_the_end(shop)
        except BaseException as error:
            error.add_note(f"AZORA_FAULT_FIRST={seed} AZORA_FAULT_SEEDS=1")
            raise
