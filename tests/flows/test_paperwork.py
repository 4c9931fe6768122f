"""A completed payment has a receipt, a refund that arrived a credit note, and one that came back its cancellation."""

from __future__ import annotations

import random
from typing import Any

import pytest

from azora_admin.core import db
from azora_admin.core.ids import PaymentId
from azora_admin.core.money import Money
from azora_admin.jobs import stripe_events
from azora_admin.payments.queries import DocumentView, documents_of
from azora_admin.reports.verification import Verdict, verify
from tests.refunding import FAILS, PENDING, sold
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")


def documents(shop: Shop) -> list[DocumentView]:
    with db.reading() as session:
        return documents_of(session, [PaymentId(one.id) for one in shop.payments()])


def told(shop: Shop) -> list[tuple[str, int, str | None]]:
    return [(one.number, one.total.amount, one.refers_to) for one in documents(shop)]


def test_a_sale_leaves_one_receipt_that_names_who_paid_what_with_which_card(shop: Shop) -> None:
    learner = shop.person()
    shop.sell(learner, shop.course(title="Sorting"))
    (receipt,) = documents(shop)
    assert (receipt.kind, receipt.number, receipt.refers_to) == ("receipt", "R-2026-000001", None)
    assert (receipt.total, receipt.tax) == (Money(4900, "usd"), Money(0, "usd"))
    content = receipt.content
    assert (content.buyer.name, content.buyer.email) == (learner.name, learner.email)
    assert [(line.text, line.amount) for line in content.lines] == [("Sorting", 4900)]
    assert (content.method_brand, content.method_last4) == ("visa", "4242")
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_what_was_not_paid_has_no_receipt(shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    shop.confirm(bought, "pm_card_visa_chargeDeclined")
    shop.hear()
    assert documents(shop) == []


def test_each_refund_that_arrives_has_a_credit_note_to_whom_the_receipt_went(shop: Shop) -> None:
    payment_id = sold(shop)
    shop.refund(payment_id, 1000)
    shop.refund(payment_id)
    assert told(shop) == [
        ("R-2026-000001", 4900, None),
        ("CN-2026-000001", 1000, "R-2026-000001"),
        ("CN-2026-000002", 3900, "R-2026-000001"),
    ]
    receipt, first, second = documents(shop)
    assert first.content.buyer == second.content.buyer == receipt.content.buyer
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_a_refund_that_comes_back_cancels_its_note_by_a_document_of_its_own(shop: Shop) -> None:
    refund = shop.refund(sold(shop, FAILS), 1000)
    assert [one.kind for one in documents(shop)] == ["receipt", "credit_note"]
    shop.decide_refund(refund.stripe_refund_id, "fail")
    shop.hear()
    assert told(shop)[1:] == [
        ("CN-2026-000001", 1000, "R-2026-000001"),
        ("CC-2026-000001", 1000, "CN-2026-000001"),
    ]
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_a_refund_that_fails_before_it_arrived_leaves_no_document(shop: Shop) -> None:
    refund = shop.refund(sold(shop, PENDING), 1000)
    assert [one.kind for one in documents(shop)] == ["receipt"]
    shop.decide_refund(refund.stripe_refund_id, "fail")
    shop.hear()
    assert shop.refunds()[0].state == "failed"
    assert [one.kind for one in documents(shop)] == ["receipt"]


@pytest.mark.parametrize("seed", range(4))
def test_events_twice_and_in_any_order_leave_one_document_for_each_fact(shop: Shop, seed: int) -> None:
    bought = shop.order(shop.person(), shop.course())
    shop.confirm(bought, FAILS)
    shop.tell_fees()
    theirs: Any = shop.office.v1.refunds.create(
        {"payment_intent": str(bought.payment.stripe_payment_intent_id), "amount": 1000}
    )
    shop.decide_refund(theirs.id, "fail")
    events = shop.events() * 2
    random.Random(seed).shuffle(events)
    shop.handle(events)
    kinds = [one.kind for one in documents(shop)]
    # Of a refund that had come back when we first heard of it, nothing was ever given out.
    assert kinds in (["receipt"], ["receipt", "credit_note", "cancellation"])
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_a_rehearsal_uses_up_no_number(shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    shop.confirm(bought)
    (event,) = shop.events("payment_intent.succeeded")
    event_id = shop.receive(event)
    stripe_events.rehearse(shop.stripe, event_id)
    assert documents(shop) == []
    stripe_events.handle(shop.stripe, event_id)
    assert [one.number for one in documents(shop)] == ["R-2026-000001"]
