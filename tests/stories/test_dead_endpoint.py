"""Five days without a single webhook: when somebody reads Stripe's list again, all is settled without a click."""

from __future__ import annotations

from datetime import timedelta

from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import CourseId
from azora_admin.flows import backfill
from azora_admin.jobs import stripe_events
from azora_admin.launch.proving import prove
from tests.messaging.events import jobs
from tests.selling import VISA, Shop

DAYS = 5
TYPES = sorted(stripe_events.FLOWS)
DECLINED = "pm_card_visa_chargeDeclinedInsufficientFunds"
# What our word for it is → what Stripe's is.
SAME = {
    "completed": "succeeded",
    "failed": "requires_payment_method",
    "pending": "requires_payment_method",
    "cancelled": "canceled",
}


def test_after_five_days_with_a_dead_endpoint_the_list_settles_everything_and_the_books_equal_stripes(
    shop: Shop, test_clock: FixedClock
) -> None:
    shop.hold_time()
    backfill.catch_up(shop.stripe, types=TYPES)
    shop.office.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/hooks", "enabled_events": ["*"]})
    shop.stand_in.control("/deliveries", {"drop": 1.0})
    courses = [shop.course(), shop.course()]
    for _ in range(DAYS):
        _trade(shop, courses)
        test_clock.advance(timedelta(days=1))
        shop.hold_time()
    assert shop.inbox() == {}
    assert {payment.status for payment in shop.payments()} == {"pending"}
    deliveries = shop.stand_in.control("/state")["deliveries"]
    assert set(deliveries) == {"dropped"}

    shop.stand_in.control("/deliveries", {})
    found = backfill.catch_up(shop.stripe, types=TYPES)
    assert len(found.missed) == found.listed == len(jobs())
    for job in jobs():
        stripe_events.handle(shop.stripe, job.event_id)

    assert {row.state for row in shop.inbox().values()} == {"handled"}
    ours = {str(one.stripe_payment_intent_id): SAME[one.status] for one in shop.payments()}
    assert ours == {intent.id: intent.status for intent in shop.intents()}
    statuses = [payment.status for payment in shop.payments()]
    assert (statuses.count("completed"), statuses.count("cancelled")) == (3 * DAYS, DAYS)
    assert len(shop.books().grants) == 3 * DAYS
    told: list[str] = []
    assert prove(shop.settings, told.append) == 0, told
    # The next round finds nothing, and does no harm.
    test_clock.advance(timedelta(minutes=5))
    shop.hold_time()
    assert backfill.catch_up(shop.stripe, types=TYPES).missed == ()


def _trade(shop: Shop, courses: list[CourseId]) -> None:
    """A day: two sales, one after a refusal, a refusal for good, an order that nobody pays, one that is given up."""
    for course in courses:
        assert shop.confirm(shop.order(shop.person(), course)) == "succeeded"
    second_try = shop.order(shop.person(), courses[0])
    assert shop.confirm(second_try, DECLINED) == "insufficient_funds"
    assert shop.confirm(second_try, VISA) == "succeeded"
    assert shop.confirm(shop.order(shop.person(), courses[0]), DECLINED) == "insufficient_funds"
    shop.order(shop.person(), courses[1])
    given_up = shop.order(shop.person(), courses[1])
    shop.office.v1.payment_intents.cancel(str(given_up.payment.stripe_payment_intent_id))
    shop.tell_fees()
