"""A sale from the order to the fee: however the news of it comes, the books say the same."""

from __future__ import annotations

import contextvars
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import CourseId, PaymentId
from azora_admin.core.money import Money
from azora_admin.flows import asking
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.ledger.queries import entries_for_reference
from tests.selling import Books, Shop

pytestmark = pytest.mark.usefixtures("test_clock")

FEE = 172  # 2.9 % of 49.00 and 0.30


def books_of_one_sale(shop: Shop, *, fee: int | None = FEE) -> Books:
    """What one sale of 49.00 at 70/30 leaves behind, worked out by hand."""
    payment = shop.payment()
    assert payment.course_id is not None
    teacher = f"instructor:{shop.instructor_of(CourseId(payment.course_id))}:payable"
    sale = ((teacher, 3430), ("platform:revenue", 1470), ("stripe:balance", -4900))
    entries: list[Any] = [("sale", str(payment.id), sale)]
    if fee:
        entries.append(("processing_fee", str(payment.id), (("stripe:balance", fee), ("stripe:fees", -fee))))
    grant: Any = (payment.payer_id, payment.course_id, "purchase", payment.id)
    return Books([("completed", 4900, "usd", fee, None)], entries, [grant])


def all_at_once(tasks: Sequence[Callable[[], object]]) -> None:
    """Run each in a thread of its own, at the test's time; the first failure is raised."""
    with ThreadPoolExecutor(len(tasks)) as threads:
        runs = [threads.submit(contextvars.copy_context().run, task) for task in tasks]
        for run in runs:
            run.result(timeout=30)


def paid(shop: Shop) -> list[Any]:
    """A purchase paid after a declined try and a 3-D Secure, fee and all, of which we have heard nothing yet."""
    bought = shop.order(shop.person(), shop.course())
    assert shop.confirm(bought, "pm_card_visa_chargeDeclined") == "generic_decline"
    assert shop.confirm(bought, "pm_card_threeDSecure2Required") == "requires_action"
    shop.stand_in.control(
        f"/payment_intents/{bought.payment.stripe_payment_intent_id}/authenticate", {"outcome": "approve"}
    )
    shop.tell_fees()
    events = shop.events()
    assert [event.type for event in events] == [
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
        "charge.updated",
    ]
    return events


def test_a_sale_happened_when_it_was_paid_however_late_it_is_heard_of(
    shop: Shop, test_clock: FixedClock
) -> None:
    learner, course = shop.person(), shop.course()
    bought = shop.order(learner, course)
    shop.hold_time()
    shop.confirm(bought)
    paid_at = test_clock.now()
    test_clock.advance(timedelta(hours=30))
    shop.hear()
    with db.reading() as session:
        entries = entries_for_reference(session, [str(bought.payment.id)])
    (sale,) = [entry for entry in entries if entry.kind == "sale"]
    assert sale.occurred_at == paid_at
    assert {leg.available_at for leg in sale.legs} == {None, paid_at + timedelta(days=14)}


def test_a_sale_is_booked_when_it_is_paid_and_its_fee_when_it_is_known(shop: Shop) -> None:
    learner = shop.person()
    bought = shop.order(learner, shop.course())
    assert bought.payment.status == "pending"
    assert shop.books() == Books([("pending", 4900, "usd", None, None)], [], [])
    assert shop.confirm(bought) == "succeeded"
    shop.hear()
    assert shop.books() == books_of_one_sale(shop, fee=None)
    shop.tell_fees()
    shop.hear()
    assert shop.books() == books_of_one_sale(shop)
    payment = shop.payment()
    assert (payment.method_brand, payment.method_last4, payment.next_ask_at) == ("visa", "4242", None)
    assert payment.stripe_charge_id is not None
    assert payment.settled_at is not None
    assert {row.state for row in shop.inbox().values()} == {"handled"}


def test_each_step_of_a_payment_names_its_cause(shop: Shop) -> None:
    events = paid(shop)
    shop.handle(events)
    assert shop.changes() == [
        (None, "pending", None, "request:test"),
        ("pending", "completed", None, f"stripe:{events[0].id}"),
    ]


@pytest.mark.parametrize("seed", range(6))
def test_events_twice_late_and_out_of_order_leave_the_same_books(shop: Shop, seed: int) -> None:
    events = paid(shop) * 2
    random.Random(seed).shuffle(events)
    shop.handle(events)
    assert shop.books() == books_of_one_sale(shop)
    assert {row.state for row in shop.inbox().values()} == {"handled"}


def test_events_from_ten_threads_at_once_leave_the_same_books(shop: Shop) -> None:
    events = (paid(shop) * 3)[:10]
    all_at_once([partial(shop.handle, [event]) for event in events])
    shop.handle(events)
    assert shop.books() == books_of_one_sale(shop)
    assert [change[1] for change in shop.changes()] == ["pending", "completed"]


def test_events_asks_and_purchase_calls_at_once_leave_the_same_books(shop: Shop) -> None:
    events = paid(shop)
    payment_id = PaymentId(shop.payment().id)
    asks = [partial(asking.ask, shop.stripe, payment_id)] * 4
    all_at_once([*asks, *(partial(shop.handle, [event]) for event in events)])
    assert shop.books() == books_of_one_sale(shop)


def test_an_event_that_comes_before_we_know_the_intent_finds_its_payment(shop: Shop) -> None:
    learner, course = shop.person(), shop.course()
    shop.fail_next("/v1/payment_intents", "reset_after")
    with pytest.raises(NoAnswer):
        shop.buy(learner, course)
    assert shop.payment().stripe_payment_intent_id is None
    (intent,) = shop.intents()
    shop.office.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    shop.tell_fees()
    shop.hear()
    assert shop.payment().stripe_payment_intent_id == intent.id
    assert shop.books() == books_of_one_sale(shop)


def test_the_fee_told_first_books_sale_and_fee_together(shop: Shop) -> None:
    *_, last = paid(shop)
    assert last.type == "charge.updated"
    shop.handle([last])
    assert shop.books() == books_of_one_sale(shop)


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
    ],
)
def test_a_declined_card_leaves_a_failed_payment_with_its_reason_and_nothing_else(
    shop: Shop, card: str, code: str
) -> None:
    learner, course = shop.person(), shop.course()
    bought = shop.order(learner, course)
    assert shop.confirm(bought, card) == code
    shop.hear()
    assert shop.books() == Books([("failed", 4900, "usd", None, code)], [], [])
    payment = shop.payment()
    assert payment.failure_message
    assert shop.changes()[-1][:3] == ("pending", "failed", payment.failure_message)
    again = shop.order(learner, course)
    assert again.payment.id == bought.payment.id
    assert again.client_secret == bought.client_secret
    assert shop.confirm(again) == "succeeded"
    shop.tell_fees()
    shop.hear()
    assert shop.books() == books_of_one_sale(shop)
    assert len(shop.intents()) == 1


def test_two_declines_in_a_row_are_two_steps_but_one_decline_heard_twice_is_one(shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    shop.confirm(bought, "pm_card_visa_chargeDeclined")
    shop.hear()
    shop.hear()
    asking.ask(shop.stripe, bought.payment.id)
    shop.confirm(bought, "pm_card_visa_chargeDeclinedInsufficientFunds")
    shop.hear()
    assert [change[:2] for change in shop.changes()] == [
        (None, "pending"),
        ("pending", "failed"),
        ("failed", "failed"),
    ]
    assert shop.payment().failure_code == "insufficient_funds"


def test_an_authentication_that_is_left_alone_is_open_and_gives_no_access(shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    assert shop.confirm(bought, "pm_card_threeDSecure2Required") == "requires_action"
    shop.hear()
    assert shop.books() == Books([("requires_action", 4900, "usd", None, None)], [], [])


def test_an_authentication_that_fails_is_a_failed_payment(shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    shop.confirm(bought, "pm_card_threeDSecure2Required")
    shop.hear()
    intent_id = bought.payment.stripe_payment_intent_id
    shop.stand_in.control(f"/payment_intents/{intent_id}/authenticate", {"outcome": "fail"})
    shop.hear()
    assert shop.payment().status == "failed"
    assert shop.payment().failure_code == "payment_intent_authentication_failure"
    assert shop.books().grants == []


@pytest.mark.parametrize(
    ("price", "shares", "expected"),
    [
        (
            Money(4900, "usd"),
            {"instructor:a": 10_000},
            {"instructor:a:payable": 4900, "stripe:balance": -4900},
        ),
        (
            Money(999, "eur"),
            {"instructor:a": 3500, "instructor:b": 3500},
            {
                "instructor:a:payable": 350,
                "instructor:b:payable": 349,
                "platform:revenue": 300,
                "stripe:balance": -999,
            },
        ),
        (
            Money(5000, "jpy"),
            {"instructor:a": 1},
            {"instructor:a:payable": 1, "platform:revenue": 4999, "stripe:balance": -5000},
        ),
        (
            Money(1010, "kwd"),
            {"instructor:a": 7000},
            {"instructor:a:payable": 707, "platform:revenue": 303, "stripe:balance": -1010},
        ),
    ],
)
def test_any_price_is_shared_to_the_last_unit(
    shop: Shop, price: Money, shares: dict[str, int], expected: dict[str, int]
) -> None:
    shop.sell(shop.person(), shop.course(price, shares=shares))
    books = shop.books()
    assert dict(books.entries[0][2]) == expected
    assert [payment[:3] for payment in books.payments] == [("completed", price.amount, price.currency)]


def test_a_sale_without_a_fee_has_no_fee_entry_and_is_finished(shop: Shop) -> None:
    shop.stand_in.control("/settings", {"fee_basis_points": 0, "fee_fixed_minor": 0})
    shop.sell(shop.person(), shop.course())
    assert shop.books() == books_of_one_sale(shop, fee=0)
    assert shop.payment().next_ask_at is None


def test_a_share_agreed_later_does_not_touch_what_was_ordered_before(shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    assert bought.payment.course_id is not None
    shop.agree(bought.payment.course_id, {"instructor:other": 9000})
    shop.confirm(bought)
    shop.tell_fees()
    shop.hear()
    assert shop.books() == books_of_one_sale(shop)
