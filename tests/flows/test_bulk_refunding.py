"""Many refunds at once: as agreed to, each once whatever dies between them, and the rest can be cancelled."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, Engine, event, text

from azora_admin.core import db
from azora_admin.core.errors import Conflict, Invalid
from azora_admin.core.ids import BulkRefundId, PaymentId
from azora_admin.core.money import Money
from azora_admin.flows import bulk_refunding, refund_sending
from azora_admin.identity.rules import SignedIn
from azora_admin.ledger.queries import entries_for_reference
from azora_admin.messaging import outbox
from azora_admin.payments.rules.bulk_refunds import BulkPlan, account_totals
from azora_admin.payments.rules.refunds import Limits
from azora_admin.payments.rules.returns import IN_FLIGHT
from azora_admin.reports.bulk_preview import DraftEntry, preview
from azora_admin.reports.bulk_refunds import RunPage, run_page
from azora_admin.reports.entries import EntryView, entry_views
from tests.refunding import actor_of
from tests.selling import ASK_AFTER, NO_LIMITS, Shop

pytestmark = pytest.mark.usefixtures("test_clock")


class Bulk:
    """Three sales and a run of them."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        course = shop.course()
        self.ids: list[PaymentId] = [shop.sell(shop.person(), course) for _ in range(3)]
        self.finance = shop.finance

    def start(self, *, limits: Limits = NO_LIMITS, count: str = "", token: str = "") -> BulkRefundId:
        with db.transaction() as session:
            plan = bulk_refunding.plan(session, self.ids, limits)
            return bulk_refunding.start(
                session,
                self.finance,
                actor_of(self.finance),
                self.ids,
                reason="course_withdrawn",
                note="It is gone",
                token=token or plan.token,
                typed_count=count or str(len(plan.items)),
                limits=limits,
            )

    def plan(self) -> BulkPlan:
        with db.reading() as session:
            return bulk_refunding.plan(session, self.ids, NO_LIMITS)

    def step(self, run: BulkRefundId) -> bool:
        return bulk_refunding.step(self.shop.stripe, run, limits=NO_LIMITS, ask_after=ASK_AFTER)

    def go_on(self, run: BulkRefundId, limits: Limits = NO_LIMITS) -> None:
        bulk_refunding.go_on(self.shop.stripe, run, limits=limits, ask_after=ASK_AFTER)

    def look(self, run: BulkRefundId) -> RunPage:
        with db.reading() as session:
            return run_page(session, run, limit=10, cursor=None)

    def sent(self) -> Counter[str]:
        return Counter(str(one.payment_intent) for one in self.shop.refunds_at_stripe())


@pytest.fixture
def bulk(shop: Shop) -> Bulk:
    return Bulk(shop)


def shares(shop: Shop) -> dict[str, int]:
    """A split whose parts never come out even."""
    points = (3333, 2917, 1999)
    return {f"instructor:{shop.person('instructor').person_id}": one for one in points}


def as_bytes(entries: Sequence[DraftEntry] | Sequence[EntryView]) -> bytes:
    """The lines as they stand in the book: kind, account, sides and time of each, in their order."""
    return repr([(one.kind, list(one.legs)) for one in entries]).encode()


def jobs() -> int:
    with db.reading() as session:
        found = session.scalar(
            text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = :job"),
            {"job": outbox.REFUND_IN_BULK},
        )
    return int(found or 0)


def acts() -> list[str]:
    wanted = "SELECT act FROM audit_entry WHERE act LIKE 'bulk_refund%' ORDER BY recorded_at, id"
    with db.reading() as session:
        return list(session.scalars(text(wanted)))


def test_what_is_agreed_to_is_made_one_by_one(shop: Shop, bulk: Bulk) -> None:
    with db.reading() as session:
        plan = bulk_refunding.plan(session, [*bulk.ids, bulk.ids[0]], NO_LIMITS)
    assert (len(plan.items), plan.sums, plan.needs_approval) == (3, [Money(14700, "usd")], False)
    run = bulk.start()
    assert jobs() == 1
    bulk.go_on(run)
    seen = bulk.look(run)
    assert (seen.run.state, seen.run.outcomes, seen.run.done) == ("done", {"succeeded": 3}, 3)
    assert [one.status for one in shop.payments()] == ["refunded"] * 3
    assert {one.reason for one in shop.refunds()} == {"course_withdrawn"}
    assert acts() == ["bulk_refund.started"]
    bulk.go_on(run)
    assert sum(bulk.sent().values()) == 3


def test_another_count_or_a_changed_selection_starts_nothing(shop: Shop, bulk: Bulk) -> None:
    with pytest.raises(Invalid) as wrong:
        bulk.start(count="2")
    assert [one.field for one in wrong.value.errors] == ["count"]
    shown = bulk.plan().token
    shop.refund(bulk.ids[0], 100)
    with pytest.raises(Conflict) as changed:
        bulk.start(token=shown)
    assert changed.value.code == "selection_changed"
    assert jobs() == 0
    bulk.start(token=bulk.plan().token)
    assert jobs() == 1


def test_the_preview_is_byte_for_byte_what_stands_in_the_book_afterwards(shop: Shop, bulk: Bulk) -> None:
    sold = [
        shop.sell(shop.person(), shop.course(price, shares=shares(shop)))
        for price in (Money(4999, "usd"), Money(7001, "jpy"), Money(12_340, "kwd"))
        for _ in range(2)
    ]
    for payment_id, amount in zip(sold[::2], (333, 17, 1010), strict=True):
        shop.refund(payment_id, amount)
    shop.refund(sold[0], 1)
    bulk.ids = [*bulk.ids, *sold]
    before = {one.id for one in shop.refunds()}
    with db.snapshot() as session:
        plan = bulk_refunding.plan(session, bulk.ids, NO_LIMITS)
        seen = preview(session, plan, limit=100, cursor=None)
    assert {one.payment.fee is None for one in seen.page.items} == {False}
    stood = shop.balances()
    bulk.go_on(bulk.start(token=plan.token))
    made = {one.payment_id: one for one in shop.refunds() if one.id not in before}
    assert set(made) == set(bulk.ids)
    for one in seen.page.items:
        with db.snapshot() as session:
            booked = entry_views(session, entries_for_reference(session, [str(made[one.payment.id].id)]))
        assert as_bytes(one.entries) == as_bytes(booked)
        assert one.amount == made[one.payment.id].amount
    moved = Counter(shop.balances())
    moved.subtract(stood)
    totals: Counter[str] = Counter()
    for total in account_totals(plan.items):
        totals[total.key] += total.credit.amount - total.debit.amount
    assert totals.pop(IN_FLIGHT) == 0
    assert {key: amount for key, amount in moved.items() if amount} == totals


def test_lines_that_would_be_others_by_now_are_refused_though_the_sum_is_there(
    shop: Shop, bulk: Bulk
) -> None:
    course = shop.course(shares={f"instructor:{shop.person('instructor').person_id}": 5000})
    bulk.ids = [shop.sell(shop.person(), course)]
    first = shop.refund(bulk.ids[0], 1)  # the odd cent is the instructor's
    run = bulk.start()
    shop.decide_refund(first.stripe_refund_id, "fail")
    shop.hear()
    bulk.go_on(run)
    (item,) = bulk.look(run).items.items
    assert (item.outcome, item.amount) == ("refused", Money(4899, "usd"))
    assert "otherwise than was agreed to" in str(item.why)
    assert [one.state for one in shop.refunds()] == ["failed"]


def test_what_cannot_be_refunded_is_left_out_with_why(shop: Shop, bulk: Bulk) -> None:
    shop.refund(bulk.ids[0])
    with db.reading() as session:
        plan = bulk_refunding.plan(session, bulk.ids, NO_LIMITS)
    assert [one.payment_id for one in plan.left_out] == [bulk.ids[0]]
    assert "refunded already" in plan.left_out[0].refusal
    with db.reading() as session, pytest.raises(Invalid):
        bulk_refunding.plan(session, [bulk.ids[0]], NO_LIMITS)


def test_what_changed_meanwhile_is_refused_alone(shop: Shop, bulk: Bulk) -> None:
    run = bulk.start()
    shop.refund(bulk.ids[1], 100)
    bulk.go_on(run)
    seen = bulk.look(run)
    assert (seen.run.state, seen.run.outcomes) == ("done", {"succeeded": 2, "refused": 1})
    (refused,) = [one for one in seen.items.items if one.outcome == "refused"]
    assert refused.why is not None
    assert "$48.00, what is left" in refused.why


def test_the_rest_is_cancelled_and_what_was_begun_stays(bulk: Bulk) -> None:
    run = bulk.start()
    assert bulk.step(run)
    with db.transaction() as session:
        assert bulk_refunding.cancel(session, bulk.finance, actor_of(bulk.finance), run) == 2
    bulk.go_on(run)
    assert bulk.look(run).run.outcomes == {"succeeded": 1, "cancelled": 2}
    with db.transaction() as session, pytest.raises(Conflict):
        bulk_refunding.cancel(session, bulk.finance, actor_of(bulk.finance), run)
    assert acts() == ["bulk_refund.started", "bulk_refund.cancelled"]


def test_above_the_limit_a_second_person_approves_and_no_item_waits_again(shop: Shop, bulk: Bulk) -> None:
    low = Limits(support=1000, alone=1)
    run = bulk.start(limits=low)
    bulk.go_on(run, low)
    assert (bulk.look(run).run.state, jobs()) == ("waiting", 0)
    with db.transaction() as session, pytest.raises(Conflict) as own:
        bulk_refunding.approve(session, bulk.finance, actor_of(bulk.finance), run)
    assert own.value.code == "needs_second_approval"
    second: SignedIn = shop.person("finance")
    with db.transaction() as session:
        bulk_refunding.approve(session, second, actor_of(second), run)
    assert jobs() == 1
    bulk.go_on(run, low)
    assert bulk.look(run).run.outcomes == {"succeeded": 3}
    assert {one.approved_by for one in shop.refunds()} == {second.person_id}


def test_a_run_is_turned_down_with_a_reason(shop: Shop, bulk: Bulk) -> None:
    run = bulk.start(limits=Limits(support=1000, alone=1))
    second = shop.person("finance")
    with db.transaction() as session, pytest.raises(Invalid):
        bulk_refunding.turn_down(session, second, actor_of(second), run, why=" ")
    with db.transaction() as session:
        bulk_refunding.turn_down(session, second, actor_of(second), run, why="Ask them first")
    assert (bulk.look(run).run.state, bulk.look(run).run.why_ended) == ("turned_down", "Ask them first")
    bulk.go_on(run)
    assert shop.refunds() == []


class Killed(BaseException):
    """The worker's process ends here."""


@contextmanager
def dying_at(number: int) -> Iterator[None]:
    """The process ends as its ``number``-th transaction begins or commits, counting both."""
    count = itertools.count(1)

    def die(connection: Connection) -> None:
        if next(count) == number:
            connection.invalidate()  # as a process that is gone leaves it
            raise Killed

    for moment in ("begin", "commit"):
        event.listen(Engine, moment, die)
    try:
        yield
    finally:
        for moment in ("begin", "commit"):
            event.remove(Engine, moment, die)


@pytest.mark.parametrize("dies_at", range(2, 12))
def test_a_worker_that_dies_anywhere_leaves_each_item_with_one_refund_or_none(
    shop: Shop, bulk: Bulk, dies_at: int
) -> None:
    run = bulk.start()
    with pytest.raises(Killed), dying_at(dies_at):
        bulk.go_on(run)
    bulk.go_on(run)
    for refund in shop.refunds():
        refund_sending.ask(shop.stripe, refund.id)
    assert [one.why for one in bulk.look(run).items.items if one.why] == []
    assert bulk.look(run).run.outcomes == {"succeeded": 3}
    assert set(bulk.sent().values()) == {1}
    assert len(bulk.sent()) == 3


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "500_before", "429"])
def test_what_stripe_does_not_answer_is_unknown_and_the_run_goes_on(
    shop: Shop, bulk: Bulk, fault: str
) -> None:
    run = bulk.start()
    shop.fail_next("/v1/refunds", fault)
    bulk.go_on(run)
    assert sum(bulk.look(run).run.outcomes.values()) == 3
    for refund in shop.refunds():
        refund_sending.ask(shop.stripe, refund.id)
    assert bulk.look(run).run.outcomes == {"succeeded": 3}
    assert set(bulk.sent().values()) == {1}


def test_a_run_without_a_job_gets_a_new_one(bulk: Bulk) -> None:
    run = bulk.start()
    with db.transaction() as session:
        assert bulk_refunding.requeue_lost(session) == []
        session.execute(
            text("DELETE FROM procrastinate_jobs WHERE task_name = :job"), {"job": outbox.REFUND_IN_BULK}
        )
        assert bulk_refunding.requeue_lost(session) == [run]
    assert jobs() == 1
