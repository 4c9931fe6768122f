"""A refund from request to end: however the news of it comes, the books say the same."""

from __future__ import annotations

import random
from typing import Any

import pytest

from azora_admin.core import db
from azora_admin.core.errors import Conflict
from azora_admin.ledger.queries import entries_for_reference
from azora_admin.reports.verification import Verdict, verify
from tests.refunding import FAILS, FEE, PENDING, has_access, kinds, sold, teacher
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")


def test_a_full_refund_leaves_every_party_at_nought_and_ends_access(shop: Shop) -> None:
    payment_id = sold(shop)
    assert has_access(shop)
    refund = shop.refund(payment_id)
    assert (refund.state, refund.amount.amount, refund.source) == ("succeeded", 4900, "ours")
    assert shop.payment().status == "refunded"
    assert not has_access(shop)
    assert shop.balances() == {"stripe:balance": FEE, "stripe:fees": -FEE}
    assert kinds(shop) == ["refund_reserved", "refund_settled"]
    shop.hear()
    assert kinds(shop) == ["refund_reserved", "refund_settled"]
    assert {row.state for row in shop.inbox().values()} == {"handled"}
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_a_part_keeps_access_and_says_so(shop: Shop) -> None:
    payment_id = sold(shop)
    shop.refund(payment_id, 1000)
    assert (shop.payment().status, shop.payment().refunded_minor) == ("partially_refunded", 1000)
    assert has_access(shop)
    assert shop.balances()[teacher(shop)] == 3430 - 700
    shop.refund(payment_id)
    assert [one.amount.amount for one in shop.refunds()] == [1000, 3900]
    assert shop.payment().status == "refunded"
    assert teacher(shop) not in shop.balances()
    assert shop.changes()[-2:] == [
        ("completed", "partially_refunded", "A refund of $10.00 arrived", "request:test"),
        ("partially_refunded", "refunded", "A refund of $39.00 arrived", "request:test"),
    ]


def test_what_is_taken_back_of_pending_money_is_pending(shop: Shop) -> None:
    payment_id = sold(shop)
    refund = shop.refund(payment_id, 1000)
    with db.reading() as session:
        (sale,) = [one for one in entries_for_reference(session, [str(payment_id)]) if one.kind == "sale"]
        (reserved, _) = entries_for_reference(session, [str(refund.id)])
    times = {leg.key: leg.available_at for leg in sale.legs}
    assert times[teacher(shop)] is not None
    assert {leg.available_at for leg in reserved.legs if leg.key == teacher(shop)} == {times[teacher(shop)]}
    assert reserved.cause == "request:test"
    assert reserved.actor == shop.finance.name


def test_a_refund_on_its_way_has_not_arrived(shop: Shop) -> None:
    payment_id = sold(shop, PENDING)
    refund = shop.refund(payment_id)
    assert (refund.state, shop.payment().status) == ("pending", "completed")
    assert has_access(shop)
    assert shop.balances()[f"payment:{payment_id}:refund_in_flight"] == 4900
    with pytest.raises(Conflict) as refused:
        shop.refund(payment_id)
    assert refused.value.code == "payment_refunded"
    shop.decide_refund(refund.stripe_refund_id, "succeed")
    shop.hear()
    assert (shop.refunds()[0].state, shop.payment().status) == ("succeeded", "refunded")
    assert not has_access(shop)


def test_a_refund_that_fails_on_its_way_gives_everything_back(shop: Shop) -> None:
    payment_id = sold(shop, PENDING)
    before = shop.balances()
    refund = shop.refund(payment_id, 1234)
    shop.decide_refund(refund.stripe_refund_id, "fail")
    shop.hear()
    assert (shop.refunds()[0].state, shop.payment().status) == ("failed", "completed")
    assert shop.refunds()[0].failure_reason == "expired_or_canceled_card"
    assert shop.balances() == before
    assert shop.payment().refunded_minor == 0


def test_a_refund_that_fails_after_it_arrived_gives_money_status_and_access_back(shop: Shop) -> None:
    payment_id = sold(shop, FAILS)
    before = shop.balances()
    refund = shop.refund(payment_id)
    assert (refund.state, has_access(shop)) == ("succeeded", False)
    shop.decide_refund(refund.stripe_refund_id, "fail")
    shop.hear()
    assert (shop.refunds()[0].state, shop.payment().status) == ("failed", "completed")
    assert has_access(shop)
    assert shop.balances() == before
    assert kinds(shop) == ["refund_failed", "refund_reserved", "refund_settled"]
    assert verify(shop.stripe) == Verdict([], waiting=0)
    assert shop.refund(payment_id).state == "succeeded"


def test_after_a_full_refund_the_course_can_be_bought_again_even_if_that_refund_fails_later(
    shop: Shop,
) -> None:
    learner, course = shop.person(), shop.course()
    first = shop.sell(learner, course, FAILS)
    shop.refund(first)
    # While the second sale waits for its fee, time brings the failure of the refund.
    second = shop.sell(learner, course)
    assert second != first
    shop.hear()
    assert [one.state for one in shop.refunds()] == ["failed"]
    assert [one.status for one in shop.payments()] == ["completed", "completed"]
    with pytest.raises(Conflict):
        shop.buy(learner, course)


@pytest.mark.parametrize("amount", [1500, None])
def test_a_refund_made_in_the_dashboard_is_mirrored(shop: Shop, amount: int | None) -> None:
    sold(shop)
    intent_id = shop.payment().stripe_payment_intent_id
    wanted: Any = {"payment_intent": intent_id, **({"amount": amount} if amount else {})}
    shop.office.v1.refunds.create(wanted)
    shop.hear()
    (refund,) = shop.refunds()
    assert (refund.source, refund.state, refund.amount.amount) == ("dashboard", "succeeded", amount or 4900)
    assert refund.requested_by is None
    assert shop.payment().status == ("partially_refunded" if amount else "refunded")
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_a_dashboard_refund_is_known_by_its_charge_alone_and_before_its_sale(shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    shop.confirm(bought)
    wanted: Any = {"payment_intent": bought.payment.stripe_payment_intent_id, "amount": 900}
    shop.office.v1.refunds.create(wanted)
    shop.handle(shop.events("charge.refunded"))
    assert shop.payment().status == "partially_refunded"
    shop.hear()
    assert len(shop.refunds()) == 1


@pytest.mark.parametrize("seed", range(5))
def test_events_twice_late_and_out_of_order_leave_the_same_books(shop: Shop, seed: int) -> None:
    payment_id = sold(shop, FAILS)
    before = shop.balances()
    ours = shop.refund(payment_id, 1000)
    wanted: Any = {"payment_intent": shop.payment().stripe_payment_intent_id, "amount": 700}
    theirs = shop.office.v1.refunds.create(wanted)
    shop.decide_refund(theirs.id, "fail")
    shop.decide_refund(ours.stripe_refund_id, "fail")
    events = shop.events() * 2
    random.Random(seed).shuffle(events)
    shop.handle(events)
    assert [one.state for one in shop.refunds()] == ["failed", "failed"]
    assert shop.balances() == before
    assert shop.payment().status == "completed"
    assert {row.state for row in shop.inbox().values()} == {"handled"}
