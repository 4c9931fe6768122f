"""A rehearsal is the handling itself, with everything that it would do, and nothing of it done."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.errors import NotFound
from azora_admin.jobs import stripe_events
from azora_admin.reports.event_effects import Effects, event_effects
from tests.messaging.events import jobs
from tests.selling import Books, Shop

pytestmark = pytest.mark.usefixtures("test_clock")


@pytest.fixture
def paid(shop: Shop) -> Any:
    """The event of a sale that nobody has heard of, its fee known at Stripe."""
    shop.confirm(shop.order(shop.person(), shop.course()))
    shop.tell_fees()
    (event,) = shop.events("payment_intent.succeeded")
    shop.receive(event)
    return event


def told(effects: Effects) -> tuple[list[str], list[tuple[str | None, str]]]:
    return [entry.kind for entry in effects.entries], [
        (step.from_status, step.to_status) for step in effects.steps
    ]


def effects_of(event: Any) -> Effects:
    with db.reading() as session:
        return event_effects(session, event.id)


def test_a_rehearsal_tells_what_would_be_done_and_does_nothing(shop: Shop, paid: Any) -> None:
    before, waiting = shop.books(), len(jobs())
    rehearsed = stripe_events.rehearse(shop.stripe, paid.id)
    assert (rehearsed.outcome, rehearsed.reason) == ("handled", "")
    assert told(rehearsed.effects) == (["sale", "processing_fee"], [("pending", "completed")])
    assert (shop.books(), len(jobs())) == (before, waiting)
    assert shop.inbox()[paid.id].state == "received"
    assert effects_of(paid).is_nothing


def test_what_was_rehearsed_is_what_is_done(shop: Shop, paid: Any) -> None:
    rehearsed = stripe_events.rehearse(shop.stripe, paid.id).effects
    stripe_events.handle(shop.stripe, paid.id)
    done = effects_of(paid)
    assert told(done) == told(rehearsed)
    assert [entry.legs for entry in done.entries] == [entry.legs for entry in rehearsed.entries]
    assert [step.amount for step in done.steps] == [step.amount for step in rehearsed.steps]


def test_what_is_settled_already_would_change_nothing(shop: Shop, paid: Any) -> None:
    stripe_events.handle(shop.stripe, paid.id)
    before = shop.books()
    rehearsed = stripe_events.rehearse(shop.stripe, paid.id)
    assert rehearsed.outcome == "handled"
    assert rehearsed.effects.is_nothing
    assert shop.books() == before


def test_nothing_can_leave_the_house_while_it_is_rehearsed(shop: Shop) -> None:
    with db.rehearsal(), pytest.raises(RuntimeError, match="inside a transaction"):
        shop.stripe.call(lambda v1: v1.balance.retrieve())


def test_what_the_handling_would_fail_with_is_told(shop: Shop, paid: Any) -> None:
    shop.fail_next("/v1/payment_intents/*", "reset_before", method="GET")
    rehearsed = stripe_events.rehearse(shop.stripe, paid.id)
    assert rehearsed.outcome == "failed"
    assert rehearsed.reason.startswith("NoAnswer: ")
    with db.transaction() as session:
        session.execute(text("UPDATE payment SET amount_minor = 1"))
    rehearsed = stripe_events.rehearse(shop.stripe, paid.id)
    assert rehearsed.reason.startswith("Mismatch: ")
    assert shop.inbox()[paid.id].attempts == 0


def test_what_only_the_commit_would_refuse_is_told_too(shop: Shop, paid: Any) -> None:
    with db.transaction() as session:
        session.execute(
            text(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'check_violation'; END $$"
            )
        )
        session.execute(
            text(
                "CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON payment DEFERRABLE INITIALLY DEFERRED"
                " FOR EACH ROW EXECUTE FUNCTION refuse()"
            )
        )
    try:
        rehearsed = stripe_events.rehearse(shop.stripe, paid.id)
    finally:
        with db.transaction() as session:
            session.execute(text("DROP FUNCTION refuse CASCADE"))
    assert rehearsed.outcome == "failed"
    assert "not today" in rehearsed.reason


def test_an_event_of_no_use_would_be_ignored(shop: Shop) -> None:
    shop.office.v1.customers.create()
    (event,) = shop.events("customer.created")
    shop.receive(event)
    assert stripe_events.rehearse(shop.stripe, event.id).outcome == "ignored"
    assert shop.inbox()[event.id].state == "received"


def test_an_event_of_somebody_elses_payment_would_be_ignored(shop: Shop) -> None:
    intent = shop.office.v1.payment_intents.create({"amount": 100, "currency": "usd"})
    shop.office.v1.payment_intents.cancel(intent.id)
    (event,) = shop.events("payment_intent.canceled")
    shop.receive(event)
    rehearsed = stripe_events.rehearse(shop.stripe, event.id)
    assert (rehearsed.outcome, rehearsed.effects.is_nothing) == ("ignored", True)
    assert shop.books() == Books([], [], [])


def test_an_event_that_is_not_there_can_not_be_rehearsed(shop: Shop) -> None:
    with pytest.raises(NotFound):
        stripe_events.rehearse(shop.stripe, "evt_unknown")


def test_an_event_that_was_left_is_not_handled_by_a_job_that_comes_late(shop: Shop, paid: Any) -> None:
    with db.transaction() as session:
        session.execute(text("UPDATE inbox_event SET state = 'left', handled_at = now()"))
    stripe_events.handle(shop.stripe, paid.id)
    assert shop.inbox()[paid.id].state == "left"
    assert shop.books().entries == []
