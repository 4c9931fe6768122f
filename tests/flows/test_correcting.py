"""A difference is decided by two persons; what was shown is what is booked, and it cures what it was made for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict, DomainError, Invalid
from azora_admin.core.ids import EntryId
from azora_admin.core.money import Money
from azora_admin.flows import correcting, reconciling
from azora_admin.identity.rules import Actor, SignedIn
from azora_admin.ledger.queries import find_entry, prove
from azora_admin.ledger.queries.entries import entries_for_reference
from azora_admin.reconciliation.queries import DecisionView, get_decision, get_difference
from azora_admin.reconciliation.rules.corrections import correction_legs, counters_for
from azora_admin.reconciliation.tables import ReconciliationDifference
from azora_admin.reports.verification import prove_sales
from tests.audited import audited
from tests.selling import Shop
from tests.statements import Statement, seed_faults

pytestmark = pytest.mark.usefixtures("test_clock")


@pytest.fixture
def found(shop: Shop) -> dict[str, ReconciliationDifference]:
    """One difference of each kind, by its kind."""
    shop.hold_time()
    statement = Statement(shop, begins_at=clock.now() - timedelta(days=1), apart=timedelta(seconds=10))
    seed_faults(statement)
    statement.write()
    reconciling.reconcile(shop.stripe)
    return {one.kind: one for one in rows()}


def rows(*states: str) -> list[ReconciliationDifference]:
    with db.reading() as session:
        found = session.scalars(select(ReconciliationDifference).order_by(ReconciliationDifference.began_at))
        return [one for one in found if not states or one.state in states]


def as_actor(person: SignedIn) -> Actor:
    return Actor(person.person_id, person.name, "page", request_id="req_1", address="")


def propose(
    person: SignedIn,
    difference_id: UUID,
    *,
    act: str = "correct",
    reason: str = "Stripe is right",
    counter: str = "",
) -> DecisionView:
    with db.transaction() as session:
        wanted = correcting.Wanted(difference_id, act, reason, counter or "platform:adjustments")
        return correcting.propose(session, person, as_actor(person), wanted)


def approve(person: SignedIn, decision_id: UUID) -> DecisionView:
    with db.transaction() as session:
        return correcting.approve(session, person, as_actor(person), decision_id)


def turn_down(person: SignedIn, decision_id: UUID) -> None:
    with db.transaction() as session:
        correcting.turn_down(session, person, as_actor(person), decision_id)


def state(difference_id: UUID) -> str:
    with db.reading() as session:
        return get_difference(session, difference_id).state


def test_every_fault_that_the_book_can_hold_is_cured_by_what_is_suggested(
    shop: Shop, found: dict[str, ReconciliationDifference]
) -> None:
    first, second = shop.finance, shop.person("finance")
    for one in rows("differs"):
        with db.reading() as session:
            movement = get_difference(session, one.id).movement
        if not movement.is_readable:
            continue
        counter = counters_for(movement, [])[0]
        proposed = propose(first, one.id, counter=counter)
        assert proposed.legs == correction_legs(movement, counter)
        assert state(one.id) == "differs"
        approved = approve(second, proposed.id)
        assert approved.entry_id is not None
        with db.reading() as session:
            entry = find_entry(session, EntryId(approved.entry_id))
        assert entry is not None
        assert [(leg.key, leg.asset, leg.amount) for leg in entry.legs] == [
            (leg.key, leg.asset, leg.amount) for leg in proposed.legs
        ]
        assert (entry.kind, entry.reference, entry.cause) == (
            "correction",
            str(proposed.id),
            f"difference:{one.id}",
        )
        assert state(one.id) == "resolved"
    reconciling.reconcile(shop.stripe)
    assert {one.kind for one in rows("differs", "waiting")} == {"unreadable"}
    with db.reading() as session:
        assert prove(session) == []
        undecided = [one for one in prove_sales(session) if one.code == "correction_undecided"]
    assert [one.subject for one in undecided] == ["by hand"]


def test_nobody_approves_what_they_proposed(shop: Shop, found: dict[str, ReconciliationDifference]) -> None:
    proposed = propose(shop.finance, found["fee_missing"].id)
    with pytest.raises(Conflict, match="somebody else has to approve"):
        approve(shop.finance, proposed.id)
    with pytest.raises(IntegrityError, match="approved_by_another"), db.transaction() as session:
        session.execute(
            text(
                "UPDATE reconciliation_decision SET state = 'approved', decided_by = proposed_by, decided_at = now(),"
                " entry_id = id"
            )
        )
    turn_down(shop.finance, proposed.id)
    with db.reading() as session:
        assert get_decision(session, proposed.id).state == "turned_down"
    with pytest.raises(Conflict, match="waits for nobody"):
        approve(shop.person("finance"), proposed.id)


def test_a_proposal_wants_a_reason_an_account_and_to_be_the_only_one(
    shop: Shop, found: dict[str, ReconciliationDifference]
) -> None:
    identity = found["amount_differs"].id
    with pytest.raises(Invalid) as refused:
        propose(shop.finance, identity, reason=" no ", counter="bank:balance")
    assert {one.field for one in refused.value.errors} == {"reason", "counter"}
    with pytest.raises(Invalid) as refused:
        propose(shop.finance, found["unreadable"].id)
    assert [one.code for one in refused.value.errors] == ["not_correctable"]
    propose(shop.finance, identity)
    with pytest.raises(Conflict, match="made a proposal already"):
        propose(shop.person("finance"), identity)


def test_what_is_explained_stays_so_until_a_side_says_something_else(
    shop: Shop, found: dict[str, ReconciliationDifference]
) -> None:
    one = found["unreadable"]
    proposed = propose(shop.finance, one.id, act="explain", reason="A test of Stripe's")
    assert proposed.legs == ()
    approve(shop.person("finance"), proposed.id)
    reconciling.reconcile_again(shop.stripe, one.day, one.day)
    assert state(one.id) == "explained"
    (line,) = [
        line.id
        for line in shop.office.v1.balance_transactions.list({"limit": 100, "source": one.source}).data
    ]
    shop.stand_in.control(f"/balance_transactions/{line}", {"fee": 1})
    reconciling.reconcile_again(shop.stripe, one.day, one.day)
    assert state(one.id) == "differs"


def test_what_comes_right_by_itself_overtakes_the_proposal(
    shop: Shop, found: dict[str, ReconciliationDifference]
) -> None:
    one = found["missing_at_stripe"]
    proposed = propose(shop.finance, one.id)
    with db.reading() as session:
        (theirs,) = get_difference(session, one.id).movement.ours
    statement = Statement(shop, begins_at=clock.now(), apart=timedelta(0))
    gross, fee = Money(theirs.gross, theirs.currency), Money(theirs.fee, theirs.currency)
    statement.line(one.category, one.source, gross, one.began_at, fee=fee)
    statement.write()
    reconciling.reconcile_again(shop.stripe, one.day, one.day)
    assert state(one.id) == "resolved"
    with pytest.raises(Conflict, match="agree about this by now"):
        approve(shop.person("finance"), proposed.id)
    with db.reading() as session:
        assert entries_for_reference(session, [str(proposed.id)]) == []


def test_a_difference_that_has_changed_is_not_corrected_as_it_was(
    shop: Shop, found: dict[str, ReconciliationDifference]
) -> None:
    one = found["amount_differs"]
    proposed = propose(shop.finance, one.id)
    (line,) = shop.office.v1.balance_transactions.list({"source": one.source}).data
    shop.stand_in.control(f"/balance_transactions/{line.id}", {"amount": line.amount - 5})
    reconciling.reconcile_again(shop.stripe, one.day, one.day)
    with pytest.raises(Conflict, match="something else by now"):
        approve(shop.person("finance"), proposed.id)


def test_of_many_who_approve_at_once_one_books_it(
    shop: Shop, found: dict[str, ReconciliationDifference]
) -> None:
    one = found["fee_differs"]
    proposed = propose(shop.finance, one.id)
    others = [shop.person("finance") for _ in range(4)]

    def try_it(person: SignedIn) -> str:
        try:
            return approve(person, proposed.id).state
        except DomainError as refused:
            return refused.code

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(try_it, others))
    assert sorted(outcomes) == ["approved", "proposal_over", "proposal_over", "proposal_over"]
    with db.reading() as session:
        assert len(entries_for_reference(session, [str(proposed.id)])) == 1


def test_proposing_and_approving_stand_in_the_audit_log(
    shop: Shop, found: dict[str, ReconciliationDifference]
) -> None:
    one = found["fee_missing"]
    second = shop.person("finance")
    proposed = propose(shop.finance, one.id, reason="The event was lost")
    approve(second, proposed.id)
    entries = [entry for entry in audited() if entry.act.startswith("difference.")]
    assert [(entry.act, entry.actor_id, entry.why) for entry in entries] == [
        ("difference.proposed", shop.finance.person_id, "The event was lost"),
        ("difference.approved", second.person_id, "The event was lost"),
    ]
