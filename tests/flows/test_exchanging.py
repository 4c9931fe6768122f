"""What Stripe settles in another currency: the sale stays in its own, the book follows Stripe's balance to the cent."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import EntryId
from azora_admin.flows import reconciling, stripe_statement
from azora_admin.ledger import queries as ledger
from azora_admin.payments.tables import Exchange
from azora_admin.reconciliation.tables import ReconciliationDifference
from azora_admin.reports.entries import explain_entry
from azora_admin.reports.verification import Verdict, verify
from tests.refunding import FAILS, PENDING, sold, teacher
from tests.selling import VISA, Shop

RATE = 0.9137
# 49.00 USD at that rate, and Stripe's fee of it, in euro cents.
SETTLED, FEE = 4477, 160


@pytest.fixture
def abroad(shop: Shop, test_clock: FixedClock) -> Shop:
    """We sell in dollars, and Stripe keeps our balance in euros."""
    shop.stand_in.control("/settings", {"settlement_currency": "eur", "exchange_rate": RATE})
    shop.hold_time()
    return shop


def held(currency: str) -> tuple[int, int]:
    """What the book says Stripe holds for us, and what it has exchanged; as Stripe would say it."""
    with db.reading() as session:
        return (
            ledger.balance(session, "stripe:balance", currency),
            ledger.balance(session, "stripe:exchange", currency),
        )


def at_stripe(shop: Shop) -> dict[str, int]:
    balance = shop.office.v1.balance.retrieve()
    sums: Counter[str] = Counter()
    for held_there in (balance.available, balance.pending):
        for one in held_there:
            sums[one.currency] += one.amount
    return {currency: amount for currency, amount in sums.items() if amount}


def exchanged() -> list[tuple[str, int, int]]:
    with db.reading() as session:
        rows = session.scalars(select(Exchange).order_by(Exchange.category, Exchange.presented_minor)).all()
    return [(one.category, one.presented_minor, one.settled_minor) for one in rows]


def entries() -> dict[str, int]:
    with db.reading() as session:
        found = session.execute(text("SELECT kind, count(*) AS number FROM ledger_entry GROUP BY kind"))
        return {row.kind: row.number for row in found}


def differences() -> list[tuple[str, str]]:
    with db.reading() as session:
        rows = session.scalars(
            select(ReconciliationDifference).where(ReconciliationDifference.state != "resolved")
        )
        return [(one.category, one.kind) for one in rows]


def agrees(shop: Shop, test_clock: FixedClock) -> bool:
    """The book is sound, is what Stripe's balance is, and no object differs from Stripe's statement."""
    test_clock.advance(timedelta(hours=2))
    shop.hold_time()
    reconciling.reconcile(shop.stripe)
    shop.books()
    assert differences() == []
    theirs = at_stripe(shop)
    assert {currency: held(currency)[0] for currency in ("usd", "eur") if held(currency)[0]} == theirs
    return verify(shop.stripe) == Verdict([], waiting=0)


def test_a_sale_stays_in_its_currency_and_its_exchange_and_fee_follow(
    abroad: Shop, test_clock: FixedClock
) -> None:
    sold(abroad)
    payment = abroad.payment()
    assert (payment.currency, payment.fee_minor, payment.fee_currency) == ("usd", FEE, "eur")
    assert exchanged() == [("charge", 4900, SETTLED)]
    assert held("usd") == (0, 4900)
    assert held("eur") == (SETTLED - FEE, -SETTLED)
    with db.reading() as session:
        assert ledger.balance(session, teacher(abroad), "usd") == 3430
    assert agrees(abroad, test_clock)


def test_refunds_their_return_and_disputes_are_exchanged_likewise(
    abroad: Shop, test_clock: FixedClock
) -> None:
    first, failing = sold(abroad), sold(abroad, FAILS)
    abroad.refund(first, 1000)
    abroad.refund(failing, 2000)
    contested = sold(abroad)
    asked = abroad.dispute(next(one for one in abroad.payments() if one.id == contested))
    abroad.tell_fees()
    abroad.hear()
    # The rate moves on: what comes back is worth something else than what was taken, and the difference is seen.
    abroad.stand_in.control("/settings", {"exchange_rate": 0.95})
    abroad.decide_dispute(asked, "win")
    abroad.hear()
    assert agrees(abroad, test_clock)
    assert exchanged() == [
        *[("charge", 4900, SETTLED)] * 3,
        ("dispute", -4900, -SETTLED),
        ("dispute_reversal", 4900, 4655),
        ("refund", -2000, -1827),
        ("refund", -1000, -914),
        ("refund_failure", 2000, 1827),
    ]
    assert held("usd")[0] == 0


@pytest.mark.parametrize("order", ["events", "statement", "backwards"])
def test_whoever_brings_it_first_and_however_often_it_is_booked_once(
    abroad: Shop, test_clock: FixedClock, order: str
) -> None:
    bought = abroad.order(abroad.person(), abroad.course())
    abroad.confirm(bought, VISA)
    abroad.tell_fees()
    if order == "statement":
        reconciling.reconcile(abroad.stripe)
    events = abroad.events()
    abroad.handle(events[::-1] if order == "backwards" else events)
    abroad.refund(bought.payment.id, 1000)
    for _ in range(2):
        reconciling.reconcile(abroad.stripe)
        abroad.hear()
    assert exchanged() == [("charge", 4900, SETTLED), ("refund", -1000, -914)]
    assert entries()["exchange"] == 2
    assert agrees(abroad, test_clock)


def test_two_that_bring_it_at_once_book_it_once(abroad: Shop, test_clock: FixedClock) -> None:
    abroad.refund(sold(abroad), 1000)
    stripe_statement.catch_up(abroad.stripe)
    with ThreadPoolExecutor(4) as at_once:
        list(at_once.map(lambda _: reconciling.compare_what_is_due(), range(4)))
    assert entries()["exchange"] == 2
    assert agrees(abroad, test_clock)


def test_it_is_explained_by_its_payment_its_rate_and_the_event(abroad: Shop, test_clock: FixedClock) -> None:
    payment_id = sold(abroad)
    with db.reading() as session:
        entry_id = session.execute(text("SELECT id FROM ledger_entry WHERE kind = 'exchange'")).scalar_one()
    with db.snapshot() as session:
        told = explain_entry(session, EntryId(entry_id))
    assert told.payment is not None
    assert (told.payment.id, told.rate) == (payment_id, Decimal(str(RATE)))
    assert told.entry.cause.kind == "event"
    assert told.entry.cause.balance_transaction_id == told.entry.reference
    assert {(one.currency, one.amount) for one in told.entry.sums} == {("usd", 4900), ("eur", SETTLED)}


def test_what_the_book_has_not_moved_is_not_exchanged(abroad: Shop, test_clock: FixedClock) -> None:
    made = abroad.refund(sold(abroad, PENDING), 1000)
    told = {"type": "refund", "source": made.stripe_refund_id, "amount": -914, "currency": "eur"}
    abroad.stand_in.control("/balance_transactions", [told | {"exchange_rate": RATE}])
    reconciling.reconcile(abroad.stripe)
    assert exchanged() == [("charge", 4900, SETTLED)]
    assert held("usd") == (0, 4900)


def test_another_currency_without_a_rate_is_no_exchange(shop: Shop, test_clock: FixedClock) -> None:
    shop.hold_time()
    sold(shop)
    (line,) = shop.office.v1.balance_transactions.list({"type": "charge"}).data
    shop.stand_in.control(f"/balance_transactions/{line.id}", {"currency": "eur"})
    reconciling.reconcile(shop.stripe)
    assert exchanged() == []
    assert differences() == [("charge", "currency_differs")]
