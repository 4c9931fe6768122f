"""What an account says of itself before it has anything to say, and what is refused."""

from __future__ import annotations

import pytest

from azora_admin.core import clock, db
from azora_admin.core.ids import EntryId, new_id
from azora_admin.ledger import queries
from azora_admin.ledger.queries import Availability
from azora_admin.ledger.rules import credit, debit
from tests.ledger.books import NOON, fact, post, sale, usd

pytestmark = pytest.mark.usefixtures("database")


def test_an_account_that_was_never_posted_holds_nothing() -> None:
    with db.reading() as session:
        for key in ("stripe:balance", "instructor:ada:payable"):
            assert queries.balance(session, key, "usd") == 0
            assert queries.balance_as_of(session, key, "usd", clock.now()) == 0
            assert queries.statement(session, key, "usd", None, 20).items == []
        assert queries.available_and_pending(session, "instructor:ada:payable", "usd", NOON) == Availability(
            0, 0
        )
        assert queries.trial_balance(session, "usd").lines == ()


def test_a_key_outside_the_book_is_a_mistake_and_not_an_empty_account() -> None:
    with db.reading() as session:
        with pytest.raises(ValueError, match="no account"):
            queries.balance(session, "instructor:ada", "usd")
        with pytest.raises(ValueError, match="no pending part"):
            queries.available_and_pending(session, "stripe:balance", "usd", NOON)


def test_assets_of_one_account_are_apart() -> None:
    post(sale())
    with db.reading() as session:
        assert queries.balance(session, "instructor:ada:payable", "eur") == 0


def test_entries_are_found_by_any_of_their_references_in_the_order_of_the_book() -> None:
    first = post(sale(reference="p1"))
    fee = fact(
        debit("stripe:fees", usd(9)), credit("stripe:balance", usd(9)), kind="processing_fee", reference="p1"
    )
    second = post(fee)
    third = post(sale(reference="p2"))
    post(sale(reference="p3"))
    with db.reading() as session:
        found = queries.entries_for_reference(session, ["p2", "p1", "p9"])
        assert queries.find_entry(session, EntryId(new_id())) is None
    assert [entry.id for entry in found] == [first.entry_id, second.entry_id, third.entry_id]
    assert [(leg.debit, leg.credit) for leg in found[1].legs] == [(9, 0), (0, 9)]
