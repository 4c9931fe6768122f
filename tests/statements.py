"""Both sides written straight down, as many as wanted: sales and refunds in our book, their lines in Stripe's.

``Statement`` agrees with the book until a fault is asked for. A fault touches one movement and says what it is to be
called: (source, category, kind).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import orjson
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.ids import PaymentId, RefundId, new_id
from azora_admin.core.money import Money, to_stripe
from azora_admin.ledger.actions import post_many
from azora_admin.ledger.rules import Entry, Leg, credit, debit
from azora_admin.payments.rules.returns import Share, reserved_legs, returned_legs, settled_legs
from azora_admin.payments.rules.split import fee_legs, sale_legs
from tests.selling import Shop

CURRENCIES = ("usd", "usd", "usd", "eur", "jpy", "isk", "ugx", "kwd")
AT_ONCE = 2_000


@dataclass(frozen=True)
class Sold:
    """A payment with its charge, refunded or not."""

    payment_id: PaymentId
    charge_id: str
    amount: Money
    fee: Money
    at: datetime
    refund: Refunded | None = None


@dataclass(frozen=True)
class Refunded:
    """Its refund, which failed later or did not."""

    refund_id: RefundId
    stripe_id: str
    amount: Money
    failed: bool


@dataclass
class Writing:
    """What is to be written on both sides."""

    payments: list[dict[str, Any]] = field(default_factory=list)
    refunds: list[dict[str, Any]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)


class Statement:
    """Writes sales one after another, ``apart`` from each other, and what Stripe says of them."""

    def __init__(self, shop: Shop, *, begins_at: datetime, apart: timedelta) -> None:
        self._shop = shop
        self._payer = shop.person()
        self._party = f"instructor:{shop.person('instructor').person_id}"
        self._begins_at, self._apart = begins_at, apart
        self._numbers = count()
        self.writing = Writing()
        self.sold: list[Sold] = []

    def sell(self, currency: str | None = None, *, refund: bool = False, fails: bool = False) -> Sold:
        """A sale on both sides; ``refund``: a part of it is refunded, which ``fails`` later."""
        number = next(self._numbers)
        amount = Money(1000 + number % 700 * 10, currency or CURRENCIES[number % len(CURRENCIES)])
        fee = Money(amount.amount // 500 * 10 + 10, amount.currency)
        at = self._begins_at + number * self._apart
        payment_id = PaymentId(new_id())
        refunded = None
        if refund:
            part = Money(amount.amount // 20 * 10, amount.currency)
            refunded = Refunded(RefundId(new_id()), f"re_{number:08}", part, fails)
        sold = Sold(payment_id, f"ch_{number:08}", amount, fee, at, refunded)
        self._book_sale(sold)
        self.line("charge", sold.charge_id, amount, at, fee=fee)
        if refunded:
            self._book_refund(sold, refunded)
            made = {"object": "refund", "charge": sold.charge_id}
            self.line("refund", refunded.stripe_id, -refunded.amount, at, object=made)
            if fails:
                self.line("refund_failure", refunded.stripe_id, refunded.amount, at)
        self.sold.append(sold)
        return sold

    def line(
        self, type_: str, source: str, amount: Money, at: datetime, *, fee: Money | None = None, **more: Any
    ) -> dict[str, Any]:
        """A line of Stripe's statement, in its own integers."""
        sign = -1 if amount.amount < 0 else 1
        line = {
            "type": type_,
            "source": source,
            "amount": sign * to_stripe(Money(abs(amount.amount), amount.currency)),
            "fee": to_stripe(fee) if fee else 0,
            "currency": amount.currency,
            "created": int(at.timestamp()),
            **more,
        }
        self.writing.lines.append(line)
        return line

    def line_of(self, source: str, type_: str) -> dict[str, Any]:
        """The line about ``source`` as it is to be written."""
        return next(one for one in self.writing.lines if (one["source"], one["type"]) == (source, type_))

    def drop_line(self, source: str, type_: str) -> None:
        """Stripe has none."""
        self.writing.lines.remove(self.line_of(source, type_))

    def drop_entry(self, kind: str, reference: object) -> None:
        """The book has none."""
        found = [one for one in self.writing.entries if (one.kind, one.reference) == (kind, str(reference))]
        self.writing.entries.remove(found[0])

    def book(self, kind: str, reference: object, legs: tuple[Leg, ...], at: datetime) -> None:
        """An entry of the book."""
        self.writing.entries.append(
            Entry(kind, str(reference), legs, cause="ask", rule_version="test/1", occurred_at=at)
        )

    def write(self) -> None:
        """Write it all down, on both sides."""
        writing, self.writing = self.writing, Writing()
        with db.transaction() as session:
            for statement, rows in ((_PAYMENTS, writing.payments), (_REFUNDS, writing.refunds)):
                session.execute(text(statement), {"rows": orjson.dumps(rows).decode()})
            for first in range(0, len(writing.entries), AT_ONCE):
                post_many(session, writing.entries[first : first + AT_ONCE])
        for first in range(0, len(writing.lines), AT_ONCE):
            self._shop.stand_in.control("/balance_transactions", writing.lines[first : first + AT_ONCE])

    def _book_sale(self, sold: Sold) -> None:
        self.writing.payments.append(
            {
                "id": str(sold.payment_id),
                "payer_id": str(self._payer.person_id),
                "amount_minor": sold.amount.amount,
                "currency": sold.amount.currency,
                "stripe_charge_id": sold.charge_id,
                "fee_minor": sold.fee.amount,
                "at": sold.at.isoformat(),
            }
        )
        legs = sale_legs(sold.amount, {self._party: 7000}, at=sold.at)
        self.book("sale", sold.payment_id, tuple(legs), sold.at)
        self.book("processing_fee", sold.payment_id, tuple(fee_legs(sold.fee)), sold.at)

    def _book_refund(self, sold: Sold, refund: Refunded) -> None:
        self.writing.refunds.append(
            {
                "id": str(refund.refund_id),
                "payment_id": str(sold.payment_id),
                "amount_minor": refund.amount.amount,
                "currency": refund.amount.currency,
                "state": "failed" if refund.failed else "succeeded",
                "stripe_refund_id": refund.stripe_id,
                "at": sold.at.isoformat(),
            }
        )
        shares = [
            Share(leg.key, leg.amount, leg.available_at)
            for leg in sale_legs(sold.amount, {self._party: 7000}, at=sold.at)
            if leg.amount > 0
        ]
        reference, amount = str(sold.payment_id), refund.amount
        legs = reserved_legs(reference, shares, refunded_before=0, amount=amount)
        self.book("refund_reserved", refund.refund_id, legs, sold.at)
        self.book("refund_settled", refund.refund_id, settled_legs(reference, amount), sold.at)
        if refund.failed:
            back = returned_legs(
                reference, shares, refunded_before=amount.amount, amount=amount, was_settled=True
            )
            self.book("refund_failed", refund.refund_id, back, sold.at)


_PAYMENTS = """
INSERT INTO payment (id, payer_id, amount_minor, currency, status, description, stripe_charge_id,
                     stripe_payment_intent_id, fee_minor, fee_currency, created_at, changed_at, settled_at, ask_count)
SELECT id, payer_id, amount_minor, currency, 'completed', '', stripe_charge_id, 'pi_' || stripe_charge_id, fee_minor,
       currency, at, at, at, 0
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, payer_id uuid, amount_minor bigint, currency text,
       stripe_charge_id text, fee_minor bigint, at timestamptz)"""
_REFUNDS = """
INSERT INTO refund (id, payment_id, amount_minor, currency, reason, note, source, state, stripe_refund_id,
                    requested_at, reserved_at, sent_at, settled_at, ended_at, failure_reason, ask_count)
SELECT id, payment_id, amount_minor, currency, 'other', '', 'dashboard', state, stripe_refund_id, at, at, at, at,
       CASE WHEN state = 'failed' THEN at END, CASE WHEN state = 'failed' THEN 'lost' END, 0
  FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id uuid, payment_id uuid, amount_minor bigint, currency text,
       state text, stripe_refund_id text, at timestamptz)"""


Fault = tuple[str, str, str]


def seed_faults(statement: Statement) -> list[Fault]:
    """Twenty faults, each in a movement of its own. Returns what each is to be called."""
    return [
        *_faults_of_charges(statement),
        *_faults_of_refunds(statement),
        *_faults_of_money(statement),
        *_faults_of_the_rest(statement),
    ]


def _faults_of_charges(statement: Statement) -> list[Fault]:
    faults: list[Fault] = []
    one = statement.sell()
    statement.drop_entry("sale", one.payment_id)
    statement.drop_entry("processing_fee", one.payment_id)
    faults.append((one.charge_id, "charge", "missing_here"))
    one = statement.sell()
    statement.drop_line(one.charge_id, "charge")
    faults.append((one.charge_id, "charge", "missing_at_stripe"))
    one = statement.sell("usd")
    statement.line_of(one.charge_id, "charge")["fee"] += 1
    faults.append((one.charge_id, "charge", "fee_differs"))
    one = statement.sell()
    statement.drop_entry("processing_fee", one.payment_id)
    faults.append((one.charge_id, "charge", "fee_missing"))
    one = statement.sell("usd")
    statement.line_of(one.charge_id, "charge")["amount"] -= 1
    faults.append((one.charge_id, "charge", "amount_differs"))
    one = statement.sell("usd")
    statement.line("charge", one.charge_id, one.amount, one.at, fee=one.fee)
    faults.append((one.charge_id, "charge", "doubled_at_stripe"))
    return faults


def _faults_of_refunds(statement: Statement) -> list[Fault]:
    faults: list[Fault] = []
    one = statement.sell("usd", refund=True)
    assert one.refund
    made = {"object": "refund", "charge": one.charge_id}
    statement.line("refund", "re_twin", -one.refund.amount, one.at, object=made)
    faults.append(("re_twin", "refund", "doubled_at_stripe"))
    one = statement.sell(refund=True)
    assert one.refund
    statement.drop_entry("refund_settled", one.refund.refund_id)
    faults.append((one.refund.stripe_id, "refund", "missing_here"))
    one = statement.sell(refund=True)
    assert one.refund
    statement.drop_line(one.refund.stripe_id, "refund")
    faults.append((one.refund.stripe_id, "refund", "missing_at_stripe"))
    one = statement.sell("usd", refund=True)
    assert one.refund
    statement.line_of(one.refund.stripe_id, "refund")["amount"] += 1
    faults.append((one.refund.stripe_id, "refund", "amount_differs"))
    one = statement.sell(refund=True, fails=True)
    assert one.refund
    statement.drop_entry("refund_failed", one.refund.refund_id)
    faults.append((one.refund.stripe_id, "refund_failure", "missing_here"))
    one = statement.sell(refund=True, fails=True)
    assert one.refund
    statement.drop_line(one.refund.stripe_id, "refund_failure")
    faults.append((one.refund.stripe_id, "refund_failure", "missing_at_stripe"))
    return faults


def _faults_of_money(statement: Statement) -> list[Fault]:
    faults: list[Fault] = []
    one = statement.sell("eur")
    line = statement.line_of(one.charge_id, "charge")
    line |= {"currency": "usd", "amount": line["amount"] * 108 // 100, "exchange_rate": 1.08}
    faults.append((one.charge_id, "charge", "currency_differs"))
    one = statement.sell("isk")
    statement.line_of(one.charge_id, "charge")["amount"] += 50  # half a króna, by Stripe's two decimals
    faults.append((one.charge_id, "charge", "unreadable"))
    one = statement.sell("usd")
    statement.line_of(one.charge_id, "charge")["currency"] = "xts"
    faults.append((one.charge_id, "charge", "unreadable"))
    one = statement.sell("ugx")
    statement.line_of(one.charge_id, "charge")["fee"] += int("100")  # one shilling
    faults.append((one.charge_id, "charge", "fee_differs"))
    return faults


def _faults_of_the_rest(statement: Statement) -> list[Fault]:
    at = statement.sold[-1].at
    statement.line("payout", "po_1", Money(-50_000, "usd"), at)
    statement.line("stripe_fee", "fee_1", Money(-900, "usd"), at)
    statement.line("something_new", "new_1", Money(700, "usd"), at)
    legs = (debit("stripe:balance", Money(77, "usd")), credit("platform:revenue", Money(77, "usd")))
    statement.book("correction", "by hand", legs, at)
    return [
        ("po_1", "payout", "not_booked"),
        ("fee_1", "stripe_fee", "not_booked"),
        ("new_1", "something_new", "not_booked"),
        ("by hand", "entry", "without_source"),
    ]
