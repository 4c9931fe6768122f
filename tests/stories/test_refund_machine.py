"""Sales, refunds and payouts in any order, every event twice and shuffled: the books stand where a plain model says.

``AZORA_REFUND_EXAMPLES`` makes it many more stories than a usual run has.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict, Invalid
from azora_admin.core.ids import PaymentId, new_id
from azora_admin.core.money import Money
from azora_admin.flows import refund_sending
from azora_admin.flows.checkout import Purchase
from azora_admin.ledger import actions as ledger
from azora_admin.ledger.rules import Entry, Leg, credit, cumulative_allocate, debit
from azora_admin.reports.verification import Verdict, verify
from tests.databases import PreparedDatabase
from tests.selling import Shop

# Of 4,900 by 33.33 %, 21 % and the rest.
SHARES = (1633, 1029, 2238)
CARDS = ("pm_card_visa", "pm_card_pendingRefund")
EXAMPLES = int(os.environ.get("AZORA_REFUND_EXAMPLES", "12"))


@dataclass
class Back:
    """A refund in the model: where Stripe has it."""

    amount: int
    state: str


@dataclass
class Asked:
    """A dispute in the model: what Stripe says of it."""

    status: str
    withdrawn: int
    fees: int

    @property
    def is_lost(self) -> bool:
        return self.status in ("lost", "prevented")

    @property
    def is_open(self) -> bool:
        decided = self.is_lost or self.status == "won" or self.status.startswith("warning_")
        return not decided or (self.withdrawn > 0 and not self.is_lost)


@dataclass
class Order:
    """A purchase that is not paid yet, and the accounts that will have a share of it."""

    purchase: Purchase
    parties: tuple[str, ...]


@dataclass
class Sold:
    """A sale in the model."""

    payment_id: PaymentId
    intent_id: str
    parties: tuple[str, ...]
    paid: int
    backs: dict[str, Back] = field(default_factory=dict)
    paid_out: Counter[str] = field(default_factory=Counter)

    def total(self, *states: str) -> int:
        return sum(back.amount for back in self.backs.values() if back.state in states)

    asks: dict[str, Asked] = field(default_factory=dict)

    @property
    def withdrawn(self) -> int:
        return sum(ask.withdrawn for ask in self.asks.values())

    @property
    def left(self) -> int:
        return max(self.paid - self.total("pending", "succeeded") - self.withdrawn, 0)

    @property
    def status(self) -> str:
        if any(ask.is_open for ask in self.asks.values()):
            return "disputed"
        came = self.total("succeeded")
        if came == self.paid:
            return "refunded"
        if self.is_gone:
            return "charged_back"
        return "partially_refunded" if came + self.lost else "completed"

    @property
    def lost(self) -> int:
        return sum(ask.withdrawn for ask in self.asks.values() if ask.is_lost)

    @property
    def is_gone(self) -> bool:
        return self.total("succeeded") + self.lost >= self.paid


class Refunds(RuleBasedStateMachine):
    """Learners, staff, the dashboard, banks and the network, each doing what they may."""

    shop: Shop
    database: PreparedDatabase

    def __init__(self) -> None:
        super().__init__()
        self.shop.stand_in.control("/reset", {})
        self.shop.stand_in.control("/clock", {"frozen": True})
        self.database.restore()
        self.shop.__dict__.pop("finance", None)
        self.sales: list[Sold] = []
        self.refused: list[Order] = []
        self.heard = 0

    @precondition(lambda self: len(self.sales) + len(self.refused) < 2)
    @rule(card=st.sampled_from(CARDS), is_refused=st.booleans())
    def buy(self, card: str, is_refused: bool) -> None:
        teacher, partner = self.shop.person("instructor"), self.shop.person("instructor")
        parties = sorted(f"instructor:{one.person_id}" for one in (teacher, partner))
        shares = dict(zip(parties, (3333, 2100), strict=True))
        bought = self.shop.order(self.shop.person(), self.shop.course(shares=shares))
        order = Order(bought, (*(f"{party}:payable" for party in parties), "platform:revenue"))
        if is_refused:
            assert self.shop.confirm(bought, "pm_card_visa_chargeDeclined") == "generic_decline"
            self.hear(seed=0)
            self.refused.append(order)
        else:
            self.pay(order, card, seed=0)

    @precondition(lambda self: self.refused)
    @rule(card=st.sampled_from(CARDS), seed=st.integers(0, 99))
    def pay_with_another_card(self, card: str, seed: int) -> None:
        self.pay(self.refused.pop(), card, seed=seed)

    @precondition(lambda self: self.sales)
    @rule(which=st.integers(0, 1), party=st.integers(0, 1), part=st.integers(1, 100))
    def pay_out(self, which: int, party: int, part: int) -> None:
        """An instructor gets part of what is theirs, and never what they owe. Only the book knows of payouts yet."""
        sale = self.sales[which % len(self.sales)]
        key = sale.parties[party]
        owed = self.shop.balances().get(key, 0)
        amount = Money(max(owed * part // 100, 1), "usd")
        if owed <= 0:
            with pytest.raises(Conflict, match="does not suffice"):
                self.post("payout_reserved", (debit(key, amount), credit(in_payout(key), amount)))
            return
        self.post("payout_reserved", (debit(key, amount), credit(in_payout(key), amount)))
        self.post("payout_paid", (debit(in_payout(key), amount), credit("stripe:balance", amount)))
        sale.paid_out[key] += amount.amount

    @precondition(lambda self: self.sales)
    @rule(
        which=st.integers(0, 1),
        amount=st.one_of(st.none(), st.integers(1, 4900)),
        fault=st.sampled_from(["", "", "", "reset_before", "reset_after", "500_before", "500_after", "429"]),
    )
    def refund(self, which: int, amount: int | None, fault: str) -> None:
        sale = self.sales[which % len(self.sales)]
        self.settle_unknown()
        if fault:
            self.shop.fail_next("/v1/refunds", fault)
        if sale.status == "disputed" or sale.left == 0 or (amount or 0) > sale.left:
            with pytest.raises((Invalid, Conflict)):
                self.shop.refund(sale.payment_id, amount)
            self.shop.stand_in.control("/faults/clear", {})
        else:
            self.shop.refund(sale.payment_id, amount)
            self.settle_unknown()

    @precondition(lambda self: self.sales)
    @rule(which=st.integers(0, 1), amount=st.integers(1, 4900))
    def refund_in_the_dashboard(self, which: int, amount: int) -> None:
        sale = self.sales[which % len(self.sales)]
        if amount <= sale.paid - sale.total("pending", "succeeded") and not self.is_blocked(sale):
            wanted: Any = {"payment_intent": sale.intent_id, "amount": amount}
            self.shop.office.v1.refunds.create(wanted)
            self.hear(seed=amount)

    @precondition(lambda self: any(sale.total("pending", "succeeded") for sale in self.sales))
    @rule(data=st.data(), fails=st.booleans(), seed=st.integers(0, 99))
    def a_bank_decides(self, data: st.DataObject, fails: bool, seed: int) -> None:
        live = [
            (refund_id, back)
            for sale in self.sales
            for refund_id, back in sale.backs.items()
            if back.state == "pending" or (back.state == "succeeded" and fails)
        ]
        if live:
            refund_id, _ = data.draw(st.sampled_from(live))
            self.shop.decide_refund(refund_id, "fail" if fails else "succeed")
            self.hear(seed=seed)

    @rule(seed=st.integers(0, 99))
    def everything_is_told_again(self, seed: int) -> None:
        self.heard = 0
        self.hear(seed=seed)

    def pay(self, order: Order, card: str, *, seed: int) -> None:
        assert self.shop.confirm(order.purchase, card) == "succeeded"
        self.hear(seed=seed)
        payment = order.purchase.payment
        assert payment.stripe_payment_intent_id is not None
        self.sales.append(Sold(payment.id, payment.stripe_payment_intent_id, order.parties, 4900))

    def post(self, kind: str, legs: tuple[Leg, ...]) -> None:
        entry = Entry(kind, str(new_id()), legs, "test", "test/1", clock.now())
        with db.transaction() as session:
            ledger.post(session, entry)

    def is_blocked(self, sale: Sold) -> bool:
        """Whether Stripe refuses to refund the sale: a bank asks for its money, or took it."""
        return any(
            ask.status not in ("won", "warning_closed") and not ask.status.startswith("warning_")
            for ask in sale.asks.values()
        )

    def settle_unknown(self) -> None:
        """What the clock does: ask about what was not answered."""
        for one in self.shop.refunds():
            if one.state in ("unknown", "reserved"):
                refund_sending.ask(self.shop.stripe, one.id)
        self.hear(seed=1)

    def hear(self, *, seed: int) -> None:
        """The events that are new, each twice, in some order."""
        events = self.shop.events()
        news = events[self.heard :] * 2
        self.heard = len(events)
        random.Random(seed).shuffle(news)
        self.shop.handle(news)

    @invariant()
    def the_books_stand_where_the_model_says(self) -> None:
        at_stripe = self.shop.refunds_at_stripe()
        for sale in self.sales:
            mine = [one for one in at_stripe if one.payment_intent == sale.intent_id]
            sale.backs = {one.id: Back(one.amount, str(one.status)) for one in mine}
        expected: Counter[str] = Counter()
        for sale in self.sales:
            live = sale.total("pending", "succeeded") + sale.withdrawn
            inside = min(live, sale.paid)
            gone = cumulative_allocate(SHARES, paid=sale.paid, refunded_before=0, refund=inside)
            for key, share, back in zip(sale.parties, SHARES, gone, strict=True):
                expected[key] += share - back - sale.paid_out[key]
                expected["stripe:balance"] += sale.paid_out[key]
            expected["platform:adjustments"] -= live - inside
            expected[f"payment:{sale.payment_id}:refund_in_flight"] = sale.total("pending")
            fees = sum(ask.fees for ask in sale.asks.values())
            expected["stripe:fees"] -= fees
            expected["stripe:balance"] += sale.total("succeeded") + sale.withdrawn + fees - sale.paid
            withheld = sum(ask.withdrawn for ask in sale.asks.values() if not ask.is_lost)
            expected["stripe:disputed"] -= withheld
            expected["withheld"] += withheld
        balances: Counter[str] = Counter()
        for key, amount in self.shop.balances().items():
            balances["withheld" if key.endswith(":withheld") else key] += amount
        assert balances == {key: amount for key, amount in expected.items() if amount}
        statuses = {PaymentId(one.id): one.status for one in self.shop.payments()}
        refused = {order.purchase.payment.id: "failed" for order in self.refused}
        assert statuses == refused | {sale.payment_id: sale.status for sale in self.sales}
        assert len(self.shop.refunds()) == len(at_stripe)
        # A course is open as long as some of its money may be ours to keep.
        assert self.shop.open_purchases() == {sale.payment_id for sale in self.sales if not sale.is_gone}

    def teardown(self) -> None:
        for one in self.shop.inbox().values():
            assert one.state == "handled", one.last_error
        assert verify(self.shop.stripe) == Verdict([], waiting=0)


def in_payout(key: str) -> str:
    return key.replace(":payable", ":in_payout")


def test_sales_and_refunds_in_any_order_end_where_a_plain_model_says(
    shop: Shop, migrated_database: PreparedDatabase
) -> None:
    class Here(Refunds):
        pass

    Here.shop, Here.database = shop, migrated_database
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
