"""What the database refuses of refunds, whoever asks it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from azora_admin.core import db
from azora_admin.core.ids import PaymentId, new_id
from tests.selling import Shop


def run(statement: str, **values: object) -> None:
    with db.transaction() as session:
        session.execute(text(statement), values)


def raw_refund(shop: Shop, amount: int, *, currency: str = "usd", state: str = "reserved") -> None:
    run(
        "INSERT INTO refund (id, payment_id, amount_minor, currency, reason, note, source, state, requested_by,"
        " requested_at, reserved_at, ask_count) VALUES (:id, :payment, :amount, :currency, 'other', '',"
        " 'ours', :state, :person, now(), CASE WHEN :state = 'waiting' THEN NULL ELSE now() END, 0)",
        id=new_id(),
        payment=shop.payment().id,
        amount=amount,
        currency=currency,
        state=state,
        person=shop.finance.person_id,
    )


@pytest.fixture
def sold(shop: Shop) -> Shop:
    shop.sell(shop.person(), shop.course())
    return shop


def test_live_refunds_are_counted_by_their_payment_and_never_exceed_it(sold: Shop) -> None:
    raw_refund(sold, 4000)
    assert sold.payment().refunded_minor == 4000
    with pytest.raises(IntegrityError, match="refunded_at_most_paid"):
        raw_refund(sold, 901)
    raw_refund(sold, 4900, state="waiting")
    assert sold.payment().refunded_minor == 4000
    run("UPDATE refund SET state = 'failed', ended_at = now(), failure_reason = 'x' WHERE state = 'reserved'")
    assert sold.payment().refunded_minor == 0
    run("UPDATE refund SET state = 'reserved', reserved_at = now() WHERE state = 'waiting'")
    assert sold.payment().refunded_minor == 4900


def test_a_refund_is_in_the_currency_of_its_payment(sold: Shop) -> None:
    with pytest.raises(IntegrityError, match="currency"):
        raw_refund(sold, 1, currency="eur")


def test_what_a_refund_is_about_never_changes_and_it_stays(sold: Shop) -> None:
    sold.refund(PaymentId(sold.payment().id), 100)
    for statement in (
        "UPDATE refund SET amount_minor = 99",
        "UPDATE refund SET currency = 'eur'",
        "DELETE FROM refund",
    ):
        with pytest.raises(IntegrityError):
            run(statement)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("approved_by_another", "approved_by = requested_by"),
        ("end_has_reason", "failure_reason = 'because'"),
        ("end_has_time", "state = 'failed'"),
        ("told_is_sent", "stripe_refund_id = NULL, sent_at = NULL"),
        ("state_known", "state = 'lost'"),
        ("reason_known", "reason = 'mood'"),
        ("ours_has_asker", "requested_by = NULL"),
        ("live_is_reserved", "reserved_at = NULL"),
    ],
)
def test_a_row_that_contradicts_itself_is_refused(sold: Shop, name: str, change: str) -> None:
    sold.refund(PaymentId(sold.payment().id), 100)
    with pytest.raises(IntegrityError, match=name):
        run(f"UPDATE refund SET {change}")
