"""One payment's story: every step with its cause, every amount with its entry."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from azora_admin.core import clock, db
from azora_admin.core.errors import NotFound
from azora_admin.core.ids import EntryId, PaymentId, PersonId, new_id
from azora_admin.core.money import Money
from azora_admin.reports.entries import Cause, explain_entry, parse_cause
from azora_admin.reports.payment_story import PaymentStory, payment_story
from tests.pages import market

pytestmark = pytest.mark.usefixtures("database", "test_clock")


def tell(payment_id: PaymentId) -> PaymentStory:
    with db.snapshot() as session:
        return payment_story(session, payment_id)


def receive(event_id: str, object_id: str, *, state: str = "handled") -> None:
    with db.transaction() as session:
        session.execute(
            text(
                "INSERT INTO inbox_event (id, source, type, object_id, api_version, raw, state, attempts, created_at,"
                " received_at, next_try_at, handled_at)"
                " VALUES (:id, 'stripe', 'payment_intent.succeeded', :object, 'v', '', :state, 1, :at, :at, :at, :at)"
            ),
            {"id": event_id, "object": object_id, "state": state, "at": clock.now()},
        )


@pytest.fixture
def teacher() -> PersonId:
    """Somebody whose course is bought."""
    return market.add_person("priya@market.test", "Priya Raman", "instructor")


def test_a_sale_is_told_from_the_order_to_the_fee(teacher: PersonId) -> None:
    (learner,) = market.add_learners([1])
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    payment_id = market.pay(learner, course, event="evt_1")
    receive("evt_1", f"pi_{payment_id.hex}")
    receive("evt_2", f"ch_{payment_id.hex}", state="ignored")
    story = tell(payment_id)
    assert story.payment.status == "completed"
    assert {
        (
            step.to_status or (step.entry.kind if step.entry else None),
            step.cause.kind,
            step.event.id if step.event else None,
        )
        for step in story.moments
    } == {
        ("pending", "request", None),
        ("completed", "event", "evt_1"),
        ("processing_fee", "event", "evt_1"),
        (None, "event", "evt_2"),
    }
    assert [entry.kind for entry in story.entries] == ["sale", "processing_fee"]
    assert [(part.name, part.amount.amount) for part in story.portions] == [
        ("Priya Raman", 3430),
        ("Azora", 1470),
        ("Card processing, paid by Azora", -172),
    ]
    assert list(story.bar_values) == [3430, 1298, 172]
    assert [(party.name, party.basis_points) for party in story.parties] == [
        ("Priya Raman", 7000),
        ("Azora", 3000),
    ]
    assert story.access is not None
    assert not story.is_moving


def test_a_refused_payment_has_its_reason_no_access_and_no_entry(teacher: PersonId) -> None:
    (learner,) = market.add_learners([1])
    story = tell(market.refuse(learner, market.add_course("Rust for Embedded Linux", teacher, 4900)))
    assert (story.payment.status, story.payment.failure_code) == ("failed", "insufficient_funds")
    assert story.moments[0].reason == "Your card has insufficient funds."
    assert (list(story.entries), list(story.portions), story.access) == ([], [], None)
    assert story.is_moving


def test_the_newest_step_comes_first_even_within_one_moment(teacher: PersonId) -> None:
    (learner,) = market.add_learners([1])
    story = tell(market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900)))
    assert [step.to_status for step in story.moments if step.to_status] == ["completed", "pending"]


def test_a_fee_that_comes_later_is_a_step_of_its_own_with_the_event_that_told_it(teacher: PersonId) -> None:
    (learner,) = market.add_learners([1])
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    payment_id = market.pay(learner, course, fee=None, event="evt_1")
    market.hear(learner, payment_id, course, status="succeeded", fee=172, cause="stripe:evt_fee")
    receive("evt_fee", f"ch_{payment_id.hex}")
    fee = tell(payment_id).moments[0]
    assert fee.entry is not None
    assert fee.event is not None
    assert (fee.entry.kind, fee.event.id) == ("processing_fee", "evt_fee")
    assert [step.to_status for step in tell(payment_id).moments] == [None, "completed", "pending"]


def test_a_fee_that_was_asked_for_is_a_step_too(teacher: PersonId) -> None:
    (learner,) = market.add_learners([1])
    story = tell(market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900)))
    assert [(step.to_status, step.cause.kind) for step in story.moments] == [
        (None, "ask"),
        ("completed", "ask"),
        ("pending", "request"),
    ]


def test_an_entry_explains_itself_both_sides_equal(teacher: PersonId) -> None:
    (learner,) = market.add_learners([1])
    payment_id = market.pay(
        learner, market.add_course("Rust for Embedded Linux", teacher, 4900), event="evt_1"
    )
    receive("evt_1", f"pi_{payment_id.hex}")
    sale, fee = tell(payment_id).entries
    with db.snapshot() as session:
        explained, explained_fee = explain_entry(session, sale.id), explain_entry(session, fee.id)
    entry = explained.entry
    assert entry.rule_version == "split/1"
    assert entry.cause == Cause("event", "evt_1")
    assert explained.event is not None
    assert explained.payment is not None
    assert explained.payment.id == payment_id
    assert {(leg.account, leg.effect.amount) for leg in entry.legs} == {
        ("Balance at Stripe", 4900),
        ("Owed to Priya Raman", 3430),
        ("Platform revenue", 1470),
    }
    debits = sum(leg.debit.amount for leg in entry.legs if leg.debit)
    assert Money(debits, "usd") == entry.volume == Money(4900, "usd")
    assert explained_fee.entry.cause.balance_transaction_id == f"txn_{payment_id.hex}"


def test_what_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        tell(PaymentId(new_id()))
    with db.snapshot() as session, pytest.raises(NotFound):
        explain_entry(session, EntryId(new_id()))


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        ("stripe:evt_1", Cause("event", "evt_1")),
        ("stripe:evt_1 txn_2", Cause("event", "evt_1", "txn_2")),
        ("request:req_1", Cause("request", "req_1")),
        ("request:req_1 txn_2", Cause("request", "req_1", "txn_2")),
        ("ask", Cause("ask", "")),
        ("ask txn_2", Cause("ask", "", "txn_2")),
        ("demo", Cause("other", "demo")),
    ],
)
def test_a_cause_is_read_as_it_was_written(written: str, cause: Cause) -> None:
    assert parse_cause(written) == cause
