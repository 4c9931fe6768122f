"""A dispute from its first event to its end: however the news comes, the books, the payment and access agree."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Conflict, Invalid
from azora_admin.core.ids import DisputeId, PaymentId
from azora_admin.flows import dispute as flow
from azora_admin.gateways.stripe import disputes as gateway
from azora_admin.reports.verification import Verdict, verify
from tests.refunding import FEE, PENDING, has_access, kinds, sold, teacher
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")
DISPUTE_FEE = 1500


def the_dispute(shop: Shop) -> Any:
    with db.reading() as session:
        return session.execute(text("SELECT * FROM dispute")).one()


def open_one(shop: Shop, **how: Any) -> str:
    made = shop.dispute(shop.payments()[0], **how)
    shop.hear()
    return made


def is_proved(shop: Shop) -> bool:
    shop.books()
    return verify(shop.stripe) == Verdict([], waiting=0)


def test_money_that_a_bank_took_is_withheld_from_the_parties_and_access_stays(shop: Shop) -> None:
    sold(shop)
    open_one(shop)
    known = the_dispute(shop)
    assert (known.status, known.withdrawn_minor, known.withheld_minor) == ("needs_response", 4900, 4900)
    assert (shop.payment().status, shop.payment().withdrawn_minor) == ("disputed", 4900)
    assert has_access(shop)
    assert shop.balances() == {
        f"dispute:{known.id}:withheld": 4900,
        "stripe:disputed": -4900,
        "stripe:balance": FEE + DISPUTE_FEE,
        "stripe:fees": -FEE - DISPUTE_FEE,
    }
    assert kinds(shop) == ["dispute_opened"]
    assert is_proved(shop)


def test_won_gives_the_parties_their_money_back_and_the_fee_stays_the_platforms(shop: Shop) -> None:
    sold(shop)
    before = shop.balances()
    dispute = open_one(shop)
    shop.decide_dispute(dispute, "win")
    shop.hear()
    assert (shop.payment().status, shop.payment().withdrawn_minor) == ("completed", 0)
    assert shop.balances() == before | {
        "stripe:balance": before["stripe:balance"] + DISPUTE_FEE,
        "stripe:fees": before["stripe:fees"] - DISPUTE_FEE,
    }
    assert has_access(shop)
    assert is_proved(shop)


def test_a_fee_that_comes_back_is_booked_as_it_came(shop: Shop) -> None:
    shop.stand_in.control("/settings", {"dispute_fee_is_returned": 1})
    sold(shop)
    before = shop.balances()
    dispute = open_one(shop)
    shop.decide_dispute(dispute, "win")
    shop.hear()
    assert shop.balances() == before
    assert is_proved(shop)


def test_lost_ends_access_and_the_course_can_be_bought_again(shop: Shop) -> None:
    sold(shop)
    dispute = open_one(shop)
    shop.decide_dispute(dispute, "lose")
    shop.hear()
    payment = shop.payment()
    assert (payment.status, payment.released_at is not None) == ("charged_back", True)
    assert not has_access(shop)
    assert shop.balances() == {"stripe:balance": FEE + DISPUTE_FEE, "stripe:fees": -FEE - DISPUTE_FEE}
    assert kinds(shop) == ["dispute_lost", "dispute_opened"]
    assert shop.changes()[-2:] == [
        ("completed", "disputed", "A dispute of $49.00: needs response", shop.changes()[-2][3]),
        ("disputed", "charged_back", "A dispute of $49.00: lost", shop.changes()[-1][3]),
    ]
    assert is_proved(shop)


def test_an_appeal_takes_up_what_was_lost_and_may_win_it_with_access(shop: Shop) -> None:
    sold(shop)
    dispute = open_one(shop)
    for outcome in ("lose", "appeal", "review_appeal"):
        shop.decide_dispute(dispute, outcome)
        shop.hear()
    assert shop.payment().status == "disputed"
    assert has_access(shop)  # nothing is decided again
    shop.decide_dispute(dispute, "win")
    shop.hear()
    assert (shop.payment().status, has_access(shop)) == ("completed", True)
    assert kinds(shop) == ["dispute_lost", "dispute_opened", "dispute_reopened", "dispute_won"]
    shop.decide_dispute(dispute, "lose")
    shop.hear()
    assert (shop.payment().status, has_access(shop)) == ("charged_back", False)
    assert is_proved(shop)


def test_a_part_is_taken_from_each_party_in_its_part(shop: Shop) -> None:
    payment_id = sold(shop)
    dispute = open_one(shop, amount=1000)
    assert shop.balances()[teacher(shop)] == 3430 - 700
    shop.decide_dispute(dispute, "lose")
    shop.hear()
    assert shop.payment().status == "partially_refunded"
    assert has_access(shop)
    with pytest.raises(Invalid):
        shop.refund(payment_id, 3901)
    assert is_proved(shop)


def test_an_inquiry_moves_no_money_and_refunds_go_on(shop: Shop) -> None:
    payment_id = sold(shop)
    before = shop.balances()
    dispute = open_one(shop, inquiry=True)
    assert (shop.payment().status, shop.balances()) == ("completed", before)
    assert shop.refund(payment_id, 900).state == "succeeded"
    shop.decide_dispute(dispute, "escalate")
    shop.hear()
    assert (the_dispute(shop).withdrawn_minor, shop.payment().status) == (4000, "disputed")
    assert teacher(shop) not in shop.balances()
    shop.decide_dispute(dispute, "win")
    shop.hear()
    assert shop.payment().status == "partially_refunded"
    assert is_proved(shop)


def test_a_refund_is_refused_while_a_bank_asks_for_the_money_even_before_it_took_it(shop: Shop) -> None:
    payment_id = sold(shop)
    dispute = open_one(shop, withdraw=False)
    for taken in (0, 4900):
        assert the_dispute(shop).withdrawn_minor == taken
        with pytest.raises(Conflict) as refused:
            shop.refund(payment_id, 100)
        assert refused.value.code == "refund_blocked_by_dispute"
        if not taken:
            shop.decide_dispute(dispute, "withdraw")
            shop.hear()
    assert shop.refunds() == []


def test_a_bank_may_take_what_was_refunded_already_and_the_excess_is_the_platforms(shop: Shop) -> None:
    payment_id = sold(shop)
    shop.refund(payment_id, 3000)
    dispute = open_one(shop)  # all of it
    balances = shop.balances()
    assert balances["platform:adjustments"] == -3000
    assert teacher(shop) not in balances  # and never below nought by this sale
    shop.decide_dispute(dispute, "win")
    shop.hear()
    assert "platform:adjustments" not in shop.balances()
    assert shop.balances()[teacher(shop)] == 3430 - 2100
    assert shop.payment().status == "partially_refunded"
    assert is_proved(shop)


def test_a_refund_on_its_way_when_the_dispute_opens_counts_until_it_fails(shop: Shop) -> None:
    payment_id = sold(shop, PENDING)
    refund = shop.refund(payment_id, 3000)
    dispute = open_one(shop)
    assert shop.balances()["platform:adjustments"] == -3000
    shop.decide_refund(refund.stripe_refund_id, "fail")
    shop.hear()
    assert "platform:adjustments" not in shop.balances()
    assert (shop.payment().status, shop.payment().refunded_minor) == ("disputed", 0)
    shop.decide_dispute(dispute, "lose")
    shop.hear()
    assert shop.payment().status == "charged_back"
    assert is_proved(shop)


def test_refunds_and_a_bank_that_come_at_once_take_no_cent_twice(shop: Shop, test_clock: FixedClock) -> None:
    sold(shop)
    payment = shop.payments()[0]
    assert shop.finance.name  # made once, before the threads

    def act(number: int) -> str:
        with clock.use(test_clock):
            if number == 3:
                shop.dispute(payment)
                shop.hear()
                return "disputed"
            try:
                return shop.refund(PaymentId(payment.id), 600).state
            except (Conflict, Invalid) as refused:
                return refused.code

    with ThreadPoolExecutor(12) as threads:
        outcomes = set(threads.map(act, range(12)))
    shop.hear()
    assert outcomes <= {
        "disputed",
        "succeeded",
        "failed",
        "refund_blocked_by_dispute",
        "refund_exceeds_payment",
        "payment_refunded",
    }
    assert shop.payments()[0].status == "disputed"
    assert is_proved(shop)


def test_two_disputes_of_one_charge_share_what_is_left(shop: Shop) -> None:
    sold(shop)
    first, second = open_one(shop, amount=3000), shop.dispute(shop.payments()[0], amount=3000)
    shop.hear()
    assert shop.balances()["platform:adjustments"] == -1100
    shop.decide_dispute(first, "win")
    shop.hear()
    assert shop.payment().status == "disputed"
    assert shop.balances()[teacher(shop)] == 3430 - 2100
    shop.decide_dispute(second, "lose")
    shop.hear()
    assert shop.payment().status == "partially_refunded"
    assert is_proved(shop)


@pytest.mark.parametrize("seed", range(4))
def test_events_twice_and_out_of_order_leave_the_same_books(shop: Shop, seed: int) -> None:
    sold(shop)
    before = shop.balances()
    dispute = shop.dispute(shop.payments()[0], amount=4000)
    for outcome in ("lose", "appeal", "win"):
        shop.decide_dispute(dispute, outcome)
    events = shop.events() * 2
    random.Random(seed).shuffle(events)
    shop.handle(events)
    assert shop.balances()[teacher(shop)] == before[teacher(shop)]
    assert shop.payment().status == "completed"
    assert {row.state for row in shop.inbox().values()} == {"handled"}
    assert is_proved(shop)


def test_closed_is_heard_before_created_and_before_the_sale(shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    assert shop.confirm(bought) == "succeeded"
    dispute = shop.dispute(shop.intents()[0].latest_charge)
    shop.decide_dispute(dispute, "lose")
    shop.handle(shop.events("charge.dispute.closed"))
    assert shop.payment().status == "charged_back"
    shop.tell_fees()
    shop.hear()
    assert kinds(shop) == ["dispute_lost", "dispute_opened"]
    assert is_proved(shop)


def test_a_picture_that_may_be_older_is_asked_for_again(shop: Shop, test_clock: FixedClock) -> None:
    sold(shop)
    dispute = open_one(shop)
    old = gateway.fetch_dispute(shop.stripe, dispute)
    test_clock.advance(timedelta(seconds=1))
    shop.decide_dispute(dispute, "lose")
    shop.hear()
    with db.transaction() as session:
        assert flow.settle(session, old, cause="stripe:evt_late")
    known = the_dispute(shop)
    assert (known.status, known.next_ask_at) == ("lost", test_clock.now())
    assert flow.enqueue_due() == 1
    flow.ask(shop.stripe, DisputeId(known.id))
    assert the_dispute(shop).status == "lost"


def test_what_no_event_told_is_found_by_the_daily_look(shop: Shop, test_clock: FixedClock) -> None:
    sold(shop)
    dispute = open_one(shop)
    shop.decide_dispute(dispute, "win")
    assert flow.enqueue_due() == 0
    test_clock.advance(timedelta(days=1))
    assert flow.enqueue_due() == 1
    flow.ask(shop.stripe, DisputeId(the_dispute(shop).id))
    assert shop.payment().status == "completed"


def test_a_dispute_of_money_that_is_none_of_ours_is_ignored(shop: Shop) -> None:
    paid = shop.office.v1.payment_intents.create(
        {"amount": 100, "currency": "usd", "payment_method": "pm_card_visa", "confirm": True,
         "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}},
    )  # fmt: skip
    shop.dispute(paid.latest_charge)
    shop.hear()
    assert {row.state for row in shop.inbox().values()} == {"ignored"}


def test_a_warning_of_fraud_is_kept_once_and_moves_nothing(shop: Shop) -> None:
    payment_id = sold(shop)
    before = shop.balances()
    shop.stand_in.control(f"/charges/{shop.payment().stripe_charge_id}/warnings", {})
    shop.hear()
    shop.hear()
    with db.reading() as session:
        rows = session.execute(text("SELECT fraud_type, is_actionable FROM fraud_warning")).all()
    assert [tuple(row) for row in rows] == [("made_with_stolen_card", True)]
    assert shop.balances() == before
    shop.refund(payment_id)
    shop.hear()
    with db.reading() as session:
        assert session.scalars(text("SELECT is_actionable FROM fraud_warning")).all() == [False]
