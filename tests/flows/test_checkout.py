"""A purchase call is one payment and one intent, whatever breaks on its way and however often it is made."""

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Conflict, DomainError, NotFound
from azora_admin.core.ids import CourseId, new_id
from azora_admin.core.money import Money
from azora_admin.flows import checkout
from azora_admin.flows.checkout import Enrolment, Purchase
from azora_admin.gateways.stripe.client import NoAnswer, Refused, StripeConnection
from azora_admin.marketplace.queries import live_reasons
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")

STEPS = ("/v1/customers", "/v1/payment_intents")
FAULTS = (
    "reset_before",
    "reset_after",
    "500_before",
    "500_after",
    "timeout_after",
    "429",
    "429_lock_timeout",
)


def test_an_order_is_an_intent_of_its_price_for_its_payer(shop: Shop) -> None:
    learner, course = shop.person(), shop.course(Money(1234, "eur"), title="Watercolour for beginners")
    bought = shop.order(learner, course)
    (intent,) = shop.intents()
    assert (intent.amount, intent.currency, intent.description) == (1234, "eur", "Watercolour for beginners")
    assert intent.metadata["payment_id"] == str(bought.payment.id)
    assert intent.client_secret == bought.client_secret
    assert isinstance(intent.customer, str)
    assert shop.office.v1.customers.retrieve(intent.customer).metadata is not None
    assert bought.payment.stripe_payment_intent_id == intent.id
    assert bought.payment.status == "pending"


@pytest.mark.parametrize(
    ("minor", "currency", "told"), [(5000, "isk", 500_000), (1010, "kwd", 1010), (700, "jpy", 700)]
)
def test_an_order_is_written_as_stripe_writes_its_currency(
    shop: Shop, minor: int, currency: str, told: int
) -> None:
    shop.order(shop.person(), shop.course(Money(minor, currency)))
    assert [intent.amount for intent in shop.intents()] == [told]


def test_the_same_call_again_goes_on_with_the_same_payment_at_its_first_price(shop: Shop) -> None:
    learner, course = shop.person(), shop.course()
    first, second = shop.order(learner, course), shop.order(learner, course)
    assert second == first
    assert len(shop.payments()) == len(shop.intents()) == 1


def test_two_courses_are_two_payments_of_one_customer(shop: Shop) -> None:
    learner = shop.person()
    shop.order(learner, shop.course())
    shop.order(learner, shop.course())
    customers = {intent.customer for intent in shop.intents()}
    assert len(shop.intents()) == 2
    assert len(customers) == 1


@pytest.mark.parametrize("path", STEPS)
@pytest.mark.parametrize("kind", FAULTS)
def test_whatever_breaks_at_stripe_the_same_call_later_goes_on(shop: Shop, path: str, kind: str) -> None:
    learner, course = shop.person(), shop.course()
    shop.fail_next(path, kind)
    with pytest.raises(NoAnswer) as silent:
        shop.buy(learner, course)
    assert (silent.value.status, silent.value.code) == (503, "payment_outcome_unknown")
    assert shop.payment().status == "unknown"
    bought = shop.order(learner, course)
    assert bought.payment.status == "pending"
    assert [str(payment.id) for payment in shop.payments()] == [str(bought.payment.id)]
    assert [intent.id for intent in shop.intents()] == [bought.payment.stripe_payment_intent_id]
    assert len(shop.office.v1.customers.list({"limit": 100}).data) == 1
    assert shop.confirm(bought) == "succeeded"
    shop.hear()
    assert shop.payment().status == "completed"


def test_a_learner_who_is_renamed_after_a_lost_answer_is_still_one_customer_and_can_buy(shop: Shop) -> None:
    learner, course = shop.person(), shop.course()
    shop.fail_next("/v1/customers", "reset_after")
    with pytest.raises(NoAnswer):
        shop.buy(learner, course)
    shop.order(replace(learner, name="Another Name"), course)
    assert len(shop.payments()) == len(shop.intents()) == len(shop.office.v1.customers.list().data) == 1


@pytest.mark.parametrize("path", STEPS)
@pytest.mark.parametrize("kind", ["reset_after", "500_after"])
def test_with_the_usual_retries_a_lost_answer_is_not_even_noticed(shop: Shop, path: str, kind: str) -> None:
    shop.stripe = StripeConnection(shop.settings)
    shop.fail_next(path, kind)
    shop.order(shop.person(), shop.course())
    assert len(shop.payments()) == len(shop.intents()) == len(shop.office.v1.customers.list().data) == 1


def test_many_faults_in_a_row_still_end_in_one_intent(shop: Shop) -> None:
    learner, course = shop.person(), shop.course()
    for path in STEPS:
        for kind in FAULTS:
            shop.fail_next(path, kind)
    for _ in range(3 * len(STEPS) * len(FAULTS)):
        with suppress(NoAnswer):
            shop.buy(learner, course)
    assert isinstance(shop.buy(learner, course), Purchase)
    assert len(shop.payments()) == len(shop.intents()) == len(shop.office.v1.customers.list().data) == 1


def test_a_wrong_key_is_a_refusal_that_tells_the_payer_nothing_of_it(shop: Shop) -> None:
    wrong = shop.settings.model_copy(
        update={"stripe_api_key": type(shop.settings.stripe_api_key)("sk_test_wrong_key")}
    )
    shop.stripe = StripeConnection(wrong)
    with pytest.raises(Refused) as refused:
        shop.buy(shop.person(), shop.course())
    assert (refused.value.status, refused.value.code) == (502, "payment_provider_refused")
    assert "key" not in refused.value.detail.lower()
    assert shop.intents() == []


def test_stripe_out_of_reach_is_no_answer_and_the_order_stands(shop: Shop) -> None:
    nowhere = shop.settings.model_copy(update={"stripe_api_base": "http://127.0.0.1:9"})
    there, shop.stripe = shop.stripe, StripeConnection(nowhere, retries=0)
    learner, course = shop.person(), shop.course()
    with pytest.raises(NoAnswer):
        shop.buy(learner, course)
    assert shop.payment().next_ask_at is not None
    shop.stripe = there
    assert shop.order(learner, course).payment.id == shop.payment().id


def test_nobody_calls_stripe_while_a_transaction_is_open(shop: Shop) -> None:
    learner, course = shop.person(), shop.course()
    with db.transaction(), pytest.raises(RuntimeError, match="open already"):
        shop.buy(learner, course)
    bought = shop.order(learner, course)
    with db.transaction(), pytest.raises(RuntimeError, match="reserve, send, record"):
        checkout.send_order(shop.stripe, learner, payment_id=bought.payment.id, cause="test")


def test_a_free_course_is_access_at_once_and_never_reaches_stripe(shop: Shop, test_clock: FixedClock) -> None:
    learner, course = shop.person(), shop.course(Money(0, "usd"))
    assert shop.buy(learner, course) == Enrolment(course, test_clock.now())
    with db.reading() as session:
        (reason,) = live_reasons(session, learner_id=learner.person_id, course_id=course)
    assert (reason.reason, reason.payment_id) == ("enrolment", None)
    assert shop.payments() == shop.intents() == []
    with pytest.raises(Conflict) as refused:
        shop.buy(learner, course)
    assert refused.value.code == "already_purchased"


def test_what_is_bought_is_not_bought_twice(shop: Shop) -> None:
    learner, course = shop.person(), shop.course()
    shop.sell(learner, course)
    with pytest.raises(Conflict) as refused:
        shop.buy(learner, course)
    assert (refused.value.status, refused.value.code) == (409, "already_purchased")
    assert len(shop.payments()) == len(shop.intents()) == 1


def test_what_is_paid_at_stripe_though_we_have_not_heard_of_it_is_not_bought_twice(shop: Shop) -> None:
    learner, course = shop.person(), shop.course()
    shop.confirm(shop.order(learner, course))
    with pytest.raises(Conflict) as refused:
        shop.buy(learner, course)
    assert refused.value.code == "already_purchased"
    assert shop.payment().status == "completed"
    assert len(shop.books().grants) == 1


def test_what_was_cancelled_at_stripe_is_ordered_anew(shop: Shop) -> None:
    learner, course = shop.person(), shop.course()
    first = shop.order(learner, course)
    shop.office.v1.payment_intents.cancel(str(first.payment.stripe_payment_intent_id))
    second = shop.order(learner, course)
    assert second.payment.id != first.payment.id
    assert [payment.status for payment in shop.payments()] == ["cancelled", "pending"]
    assert shop.confirm(second) == "succeeded"
    shop.hear()
    assert [payment.status for payment in shop.payments()] == ["cancelled", "completed"]


def test_what_is_not_for_sale_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound) as refused:
        shop.buy(shop.person(), CourseId(new_id()))
    assert refused.value.code == "course_not_found"
    assert shop.payments() == []


def test_ten_purchase_calls_at_once_are_one_payment_and_one_intent(shop: Shop) -> None:
    learner, course = shop.person(), shop.course()

    def buy(context: contextvars.Context) -> str:
        try:
            bought = context.run(shop.buy, learner, course)
        except DomainError as error:
            return error.code
        assert isinstance(bought, Purchase)
        return str(bought.payment.id)

    with ThreadPoolExecutor(10) as threads:
        answers = set(threads.map(buy, [contextvars.copy_context() for _ in range(10)]))
    assert answers <= {str(shop.payment().id), "payment_outcome_unknown"}
    assert len(shop.intents()) == len(shop.office.v1.customers.list().data) == 1
    assert shop.order(learner, course).payment.id == shop.payment().id


def test_ten_enrolments_at_once_are_one(shop: Shop) -> None:
    learner, course = shop.person(), shop.course(Money(0, "usd"))

    def enrol(context: contextvars.Context) -> str:
        try:
            context.run(shop.buy, learner, course)
        except Conflict as error:
            return error.code
        return "enrolled"

    with ThreadPoolExecutor(10) as threads:
        answers = sorted(threads.map(enrol, [contextvars.copy_context() for _ in range(10)]))
    assert answers == ["already_purchased"] * 9 + ["enrolled"]
    assert len(shop.books().grants) == 1


def test_an_order_is_asked_for_after_a_while(shop: Shop, test_clock: FixedClock) -> None:
    shop.order(shop.person(), shop.course())
    assert shop.payment().next_ask_at == test_clock.now() + timedelta(seconds=20)
