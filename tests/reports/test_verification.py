"""``azora verify`` finds each thing that was bent behind the program's back, and nothing where nothing was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from azora_admin.core import clock, db
from azora_admin.core.ids import PaymentId
from azora_admin.flows import asking
from azora_admin.reports.verification import Verdict, verify
from tests.selling import Shop

NOT_PAID = "settled_at = NULL, fee_minor = NULL, fee_currency = NULL"
BENT = {
    "sale_without_entry": "DELETE FROM ledger_entry WHERE kind = 'sale'",
    "entry_without_sale": f"UPDATE payment SET status = 'failed', {NOT_PAID}",
    "sale_of_another_amount": "UPDATE payment SET amount_minor = amount_minor + 1",
    "sale_without_split": "UPDATE payment SET split_agreement_id = NULL",
    "sale_shared_otherwise": "UPDATE split_share SET basis_points = basis_points - 100",
    "sale_without_access": "DELETE FROM access_grant",
    "access_without_sale": f"UPDATE payment SET status = 'cancelled', {NOT_PAID}",
    "fee_differs": "UPDATE ledger_entry SET reference = 'nothing' WHERE kind = 'processing_fee'",
    "history_differs": "DELETE FROM payment_change WHERE to_status = 'completed'",
    "charge_differs": "UPDATE payment SET fee_minor = fee_minor + 1",
    "charge_unknown": "UPDATE payment SET stripe_charge_id = 'ch_other'",
    "charge_missing": "UPDATE payment SET stripe_charge_id = 'ch_other'",
}


BENT_REFUNDS = {
    "refunds_counted_otherwise": "UPDATE payment SET refunded_minor = refunded_minor - 1",
    "status_not_of_refunds": "UPDATE payment SET status = 'completed'",
    "hold_without_refund": "UPDATE ledger_balance b SET balance = 5 FROM ledger_account a"
    " WHERE a.id = b.account_id AND a.kind = 'refund_in_flight'",
    "refund_booked_otherwise": "UPDATE ledger_entry SET reference = 'nothing' WHERE kind = 'refund_settled'",
    "refund_of_another_amount": "UPDATE refund SET amount_minor = amount_minor + 1",
    "refund_shared_otherwise": "UPDATE ledger_leg l SET amount = amount + 1 FROM ledger_entry e"
    " WHERE e.id = l.entry_id AND e.kind = 'refund_reserved'",
    "access_without_sale": "UPDATE access_grant SET ended_at = NULL, end_reason = NULL",
    "refund_missing": "UPDATE refund SET stripe_refund_id = 're_other'",
    "refund_differs": "UPDATE refund SET amount_minor = amount_minor + 1",
}


def codes(verdict: Verdict) -> set[str]:
    return {difference.code for difference in verdict.differences}


def sell_and_book_the_fee(shop: Shop) -> None:
    shop.sell(shop.person(), shop.course())
    shop.tell_fees()
    shop.hear()
    assert shop.payment().fee_minor is not None


def bend(statement: str) -> None:
    """Change what no code and no role may change: with the triggers asleep."""
    with db.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        assert session.execute(text(statement)).rowcount >= 1  # type: ignore[attr-defined]


def test_after_sales_everything_agrees(shop: Shop) -> None:
    sell_and_book_the_fee(shop)
    assert verify(shop.stripe) == Verdict([], waiting=0)


@pytest.mark.parametrize("code", BENT)
def test_what_was_bent_is_named(shop: Shop, code: str) -> None:
    sell_and_book_the_fee(shop)
    bend(BENT[code])
    assert code in codes(verify(shop.stripe))


def test_a_charge_that_is_about_to_settle_is_waited_for_and_no_difference(shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    shop.confirm(bought)
    shop.tell_fees()
    assert verify(shop.stripe) == Verdict([], waiting=1)
    asking.ask(shop.stripe, bought.payment.id)
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_a_fee_that_stripe_has_booked_is_waited_for_until_it_is_booked_here(shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    shop.confirm(bought)
    asking.ask(shop.stripe, bought.payment.id)
    assert verify(shop.stripe) == Verdict([], waiting=0)
    shop.tell_fees()
    assert verify(shop.stripe) == Verdict([], waiting=1)
    asking.ask(shop.stripe, bought.payment.id)
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_a_fee_that_is_never_booked_here_is_a_difference(shop: Shop) -> None:
    two_hours_ago = clock.now() - timedelta(hours=2)
    shop.stand_in.control("/clock", {"now": int(two_hours_ago.timestamp())})
    bought = shop.order(shop.person(), shop.course())
    shop.confirm(bought)
    asking.ask(shop.stripe, bought.payment.id)
    shop.tell_fees()
    assert codes(verify(shop.stripe)) == {"fee_not_booked"}


def test_a_charge_that_does_not_settle_is_a_difference(shop: Shop) -> None:
    two_hours_ago = clock.now() - timedelta(hours=2)
    shop.stand_in.control("/clock", {"now": int(two_hours_ago.timestamp())})
    bought = shop.order(shop.person(), shop.course())
    shop.confirm(bought)
    shop.tell_fees()
    assert "charge_not_settled" in codes(verify(shop.stripe))


@pytest.mark.parametrize("code", BENT_REFUNDS)
def test_a_refund_that_was_bent_is_named(shop: Shop, code: str) -> None:
    sell_and_book_the_fee(shop)
    shop.refund(PaymentId(shop.payment().id))
    assert verify(shop.stripe) == Verdict([], waiting=0)
    bend(BENT_REFUNDS[code])
    assert code in codes(verify(shop.stripe))


def test_a_refund_that_is_told_of_soon_is_waited_for_and_then_missed(shop: Shop) -> None:
    sell_and_book_the_fee(shop)
    shop.office.v1.refunds.create({"payment_intent": str(shop.payment().stripe_payment_intent_id)})
    assert verify(shop.stripe) == Verdict([], waiting=1)
    in_two_hours = clock.FixedClock(clock.now() + timedelta(hours=2))
    with clock.use(in_two_hours):
        assert codes(verify(shop.stripe)) == {"refund_unknown"}
    shop.hear()
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_a_refund_that_stripe_brought_further_is_a_difference_in_the_end(shop: Shop) -> None:
    shop.sell(shop.person(), shop.course(), "pm_card_pendingRefund")
    refund = shop.refund(PaymentId(shop.payment().id))
    shop.decide_refund(refund.stripe_refund_id, "succeed")
    with clock.use(clock.FixedClock(clock.now() + timedelta(hours=2))):
        assert codes(verify(shop.stripe)) == {"refund_not_recorded"}
