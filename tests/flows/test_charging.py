"""A saved method is charged once for each try, whatever breaks; what the bank says is what the payment is."""

from __future__ import annotations

import contextvars
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Conflict, Declined, DomainError, NotFound
from azora_admin.core.ids import MethodId, PaymentId
from azora_admin.core.money import Money
from azora_admin.flows import asking, checkout, paying
from azora_admin.flows.charging import Means
from azora_admin.flows.checkout import Purchase
from azora_admin.flows.paying import AmountOrder
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.identity.rules import SignedIn
from azora_admin.payments.queries import get_payment
from azora_admin.reports.verification import Verdict, verify
from tests.refunding import actor_of
from tests.selling import ASK_AFTER, Shop

pytestmark = pytest.mark.usefixtures("test_clock")
FAULTS = [
    "reset_before",
    "reset_after",
    "500_before",
    "500_after",
    "timeout_after",
    "429",
    "429_lock_timeout",
]
CONFIRM = "/v1/payment_intents/*/confirm"
ALWAYS_ASKS = "pm_card_authenticationRequired"


def charge(
    shop: Shop, payer: SignedIn, method: MethodId, *, key: str = "one", off_session: bool = False
) -> Purchase:
    order = AmountOrder(Money(4900, "usd"), "Workshop", key, Means(method, off_session))
    return paying.pay_amount(shop.stripe, payer, actor_of(payer), order, ask_after=ASK_AFTER)


def ask(shop: Shop) -> None:
    asking.ask(shop.stripe, PaymentId(shop.payment().id))


def attempts() -> list[tuple[Any, ...]]:
    with db.reading() as session:
        rows = session.execute(text("SELECT number, state, outcome FROM payment_attempt ORDER BY number"))
        return [tuple(row) for row in rows]


def charges_at_stripe(shop: Shop) -> list[tuple[int, str]]:
    return [(one.amount, str(one.status)) for one in shop.office.v1.charges.list({"limit": 100}).data]


@pytest.mark.parametrize("off_session", [False, True])
def test_a_saved_card_is_charged_at_once(shop: Shop, off_session: bool) -> None:
    payer = shop.person()
    made = charge(shop, payer, shop.save(payer), off_session=off_session)
    assert (made.payment.status, made.is_charged) == ("completed", True)
    assert attempts() == [(1, "answered", "completed")]
    shop.tell_fees()
    shop.hear()
    assert charges_at_stripe(shop) == [(4900, "succeeded")]
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_a_course_is_bought_with_a_saved_card(shop: Shop) -> None:
    payer, course = shop.person(), shop.course()
    means = Means(shop.save(payer))
    bought = checkout.buy_course(
        shop.stripe, payer, actor_of(payer), course_id=course, ask_after=ASK_AFTER, means=means
    )
    assert isinstance(bought, Purchase)
    assert bought.payment.status == "completed"
    assert len(shop.books().grants) == 1
    with pytest.raises(Conflict, match="paid for this course"):
        checkout.buy_course(
            shop.stripe, payer, actor_of(payer), course_id=course, ask_after=ASK_AFTER, means=means
        )
    assert len(charges_at_stripe(shop)) == 1


@pytest.mark.parametrize("path", ["/v1/payment_intents", CONFIRM])
@pytest.mark.parametrize("kind", FAULTS)
def test_whatever_breaks_the_same_request_later_charges_once(shop: Shop, path: str, kind: str) -> None:
    payer = shop.person()
    method = shop.save(payer)
    shop.fail_next(path, kind)
    with suppress(NoAnswer):
        charge(shop, payer, method)
    made = charge(shop, payer, method)
    assert made.payment.status == "completed"
    assert charges_at_stripe(shop) == [(4900, "succeeded")]
    assert len(shop.payments()) == len(shop.intents()) == len(attempts()) == 1


@pytest.mark.parametrize("path", ["/v1/payment_intents", CONFIRM])
@pytest.mark.parametrize("kind", FAULTS)
def test_whatever_breaks_the_clock_finds_out_and_charges_at_most_once(
    shop: Shop, path: str, kind: str
) -> None:
    payer = shop.person()
    method = shop.save(payer)
    shop.fail_next(path, kind)
    with suppress(NoAnswer):
        charge(shop, payer, method)
    seen = shop.payment().status
    assert seen in ("unknown", "completed")
    ask(shop)
    assert shop.payment().status == "completed"
    assert charges_at_stripe(shop) == [(4900, "succeeded")]


def test_an_unknown_charge_is_shown_as_such_and_its_event_settles_it(shop: Shop) -> None:
    payer = shop.person()
    method = shop.save(payer)
    shop.fail_next(CONFIRM, "reset_after")
    with pytest.raises(NoAnswer):
        charge(shop, payer, method)
    assert (shop.payment().status, attempts()) == ("unknown", [(1, "unknown", None)])
    shop.hear()
    assert shop.payment().status == "completed"
    ask(shop)
    assert attempts() == [(1, "answered", "completed")]
    assert [change[1] for change in shop.changes()] == ["pending", "unknown", "completed"]


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
def test_after_a_day_a_try_is_looked_at_and_never_sent(shop: Shop, test_clock: FixedClock, kind: str) -> None:
    payer = shop.person()
    method = shop.save(payer)
    shop.fail_next(CONFIRM, kind)
    with pytest.raises(NoAnswer):
        charge(shop, payer, method)
    test_clock.advance(timedelta(hours=25))
    ask(shop)
    ask(shop)
    charged = kind == "reset_after"
    assert shop.payment().status == ("completed" if charged else "cancelled")
    assert charges_at_stripe(shop) == ([(4900, "succeeded")] if charged else [])
    assert attempts()[0][1] == "answered"


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_chargeCustomerFail", "card_declined"),
        ("pm_card_radarBlock", "card_declined"),
    ],
)
def test_a_decline_is_told_with_its_code_and_another_card_may_pay(shop: Shop, card: str, code: str) -> None:
    payer = shop.person()
    bad, good = shop.save(payer, card), shop.save(payer)
    with pytest.raises(Declined) as declined:
        charge(shop, payer, bad)
    assert (declined.value.status, declined.value.code) == (402, code)
    assert shop.payment().status == "failed"
    made = charge(shop, payer, good)
    assert made.payment.status == "completed"
    assert [one[0] for one in attempts()] == [1, 2]
    shop.hear()
    assert Counter(charges_at_stripe(shop)) == {(4900, "failed"): 1, (4900, "succeeded"): 1}


def test_a_lost_decline_is_found_out_and_not_tried_again_by_the_clock(shop: Shop) -> None:
    payer = shop.person()
    bad = shop.save(payer, "pm_card_chargeCustomerFail")
    shop.fail_next(CONFIRM, "reset_after")
    with pytest.raises(NoAnswer):
        charge(shop, payer, bad)
    for _ in range(3):
        ask(shop)
    assert (shop.payment().status, charges_at_stripe(shop)) == ("failed", [(4900, "failed")])
    assert attempts() == [(1, "answered", "generic_decline")]


def test_a_bank_that_wants_its_customer_gets_them_by_mail_and_the_payment_waits(shop: Shop) -> None:
    payer = shop.person()
    method = shop.save(payer, ALWAYS_ASKS)
    with pytest.raises(Declined) as declined:
        charge(shop, payer, method, off_session=True)
    assert declined.value.code == "authentication_required"
    assert (shop.payment().status, shop.payment().failure_code) == (
        "requires_action", "authentication_required",
    )  # fmt: skip
    with db.reading() as session:
        mails = session.execute(text("SELECT kind, to_address FROM mail")).all()
    assert [tuple(one) for one in mails] == [("payment_needs_you", payer.email)]
    shop.hear()
    assert shop.payment().status == "requires_action"


def test_on_session_the_payers_app_goes_on_with_the_bank(shop: Shop) -> None:
    payer = shop.person()
    made = charge(shop, payer, shop.save(payer, ALWAYS_ASKS))
    assert made.payment.status == "requires_action"
    shop.stand_in.control(
        f"/payment_intents/{made.payment.stripe_payment_intent_id}/authenticate", {"outcome": "approve"}
    )
    shop.hear()
    assert shop.payment().status == "completed"


@pytest.mark.parametrize(("outcome", "status"), [("succeed", "completed"), ("fail", "failed")])
def test_a_bank_that_takes_its_time_is_waited_for(shop: Shop, outcome: str, status: str) -> None:
    payer = shop.person()
    method = shop.save(payer)
    shop.stand_in.control("/settings", {"bank_takes_its_time": 1})
    made = charge(shop, payer, method)
    assert made.payment.status == "processing"
    assert shop.books().entries == []
    again = charge(shop, payer, method)  # the same request: nothing is charged a second time meanwhile
    assert (again.payment.id, again.payment.status) == (made.payment.id, "processing")
    intent_id = made.payment.stripe_payment_intent_id
    shop.stand_in.control(f"/payment_intents/{intent_id}/bank", {"outcome": outcome})
    shop.hear()
    assert shop.payment().status == status
    assert len(charges_at_stripe(shop)) == 1


def test_a_method_that_is_gone_at_stripe_charges_nothing_and_says_so(shop: Shop) -> None:
    payer = shop.person()
    method = shop.save(payer)
    shop.office.v1.payment_methods.detach(shop.methods(payer)[0].stripe_id)
    with pytest.raises(Declined) as declined:
        charge(shop, payer, method)
    assert declined.value.code == "invalid_payment_method"
    assert (shop.payment().status, charges_at_stripe(shop)) == ("pending", [])


def test_nobody_pays_with_somebody_elses_card(shop: Shop) -> None:
    owner, other = shop.person(), shop.person()
    method = shop.save(owner)
    with pytest.raises(NotFound):
        charge(shop, other, method)
    assert shop.payments() == []


def test_ten_equal_requests_at_once_charge_once(shop: Shop) -> None:
    payer = shop.person()
    method = shop.save(payer)

    def try_one(_: int) -> str:
        try:
            return charge(shop, payer, method).payment.status
        except DomainError as refused:
            return refused.code

    with ThreadPoolExecutor(10) as threads:
        runs = [threads.submit(contextvars.copy_context().run, try_one, n) for n in range(10)]
        outcomes = {run.result(timeout=60) for run in runs}
    assert outcomes <= {"completed", "payment_outcome_unknown"}
    ask(shop)
    assert (shop.payment().status, charges_at_stripe(shop)) == ("completed", [(4900, "succeeded")])


def test_a_payment_keeps_what_it_was_paid_with_if_it_is_to(shop: Shop) -> None:
    payer = shop.person()
    order = AmountOrder(Money(4900, "usd"), "Workshop", "one", Means(saves=True))
    made = paying.pay_amount(shop.stripe, payer, actor_of(payer), order, ask_after=ASK_AFTER)
    assert shop.confirm(made) == "succeeded"
    shop.hear()
    assert [one.last4 for one in shop.methods(payer)] == ["4242"]
    made = charge(shop, payer, shop.methods(payer)[0].id, key="two", off_session=True)
    assert made.payment.status == "completed"


def test_late_success_after_a_cancellation_counts(shop: Shop) -> None:
    """Stripe's word is the last one: money that came in after all is a sale, and can be refunded."""
    payer = shop.person()
    made = shop.order(payer, shop.course())
    shop.confirm(made)
    with db.transaction() as session:
        session.execute(text("UPDATE payment SET status = 'cancelled', next_ask_at = NULL"))
        session.execute(
            text(
                "INSERT INTO payment_change (payment_id, number, at, to_status, cause)"
                " SELECT id, 9, now(), 'cancelled', 'test' FROM payment"
            )
        )
    shop.tell_fees()
    shop.hear()
    assert shop.payment().status == "completed"
    assert len(shop.books().grants) == 1
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_a_failed_payment_that_succeeds_later_is_a_sale(shop: Shop) -> None:
    payer = shop.person()
    bad = shop.save(payer, "pm_card_chargeCustomerFail")
    with pytest.raises(Declined):
        charge(shop, payer, bad)
    assert shop.payment().status == "failed"
    (intent,) = shop.intents()
    assert intent.client_secret is not None
    with db.reading() as session:
        payment = get_payment(session, PaymentId(shop.payment().id))
    assert shop.confirm(Purchase(payment, intent.client_secret)) == "succeeded"
    shop.hear()
    assert (shop.payment().status, shop.payment().failure_code) == ("completed", None)
