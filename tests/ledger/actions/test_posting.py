"""Posting: the same fact twice is once, and whoever posts together neither loses nor blocks."""

from __future__ import annotations

from random import Random

import pytest

from azora_admin.core import db
from azora_admin.core.errors import Conflict
from azora_admin.core.ids import new_id
from azora_admin.core.tokens import TokenAmount
from azora_admin.ledger import actions, queries
from azora_admin.ledger.actions import Posted
from azora_admin.ledger.rules import Entry, credit, debit
from tests.ledger.books import at_once, award, balance, fact, post, proven, sale, transfer, usd

pytestmark = pytest.mark.usefixtures("database")


def test_a_posted_entry_stands_in_the_book_as_drafted() -> None:
    draft = sale()
    posted = post(draft)
    with db.reading() as session:
        entry = queries.find_entry(session, posted.entry_id)
    assert not posted.replayed
    assert entry is not None
    assert (entry.kind, entry.reference, entry.cause) == (draft.kind, draft.reference, draft.cause)
    assert (entry.rule_version, entry.occurred_at) == (draft.rule_version, draft.occurred_at)
    assert [(leg.key, leg.asset, leg.amount) for leg in entry.legs] == [
        ("stripe:balance", "usd", -4900),
        ("instructor:ada:payable", "usd", 3430),
        ("platform:revenue", "usd", 1470),
    ]


def test_the_same_fact_again_is_the_first_entry() -> None:
    draft = sale()
    first = post(draft)
    again = post(draft)
    assert again == Posted(first.entry_id, replayed=True)
    assert balance("stripe:balance") == 4900


def test_the_same_reference_is_another_fact_under_another_kind() -> None:
    first = post(sale(reference="p1"))
    legs = debit("stripe:fees", usd(172)), credit("stripe:balance", usd(172))
    fee = fact(*legs, kind="processing_fee", reference="p1")
    assert post(fee).entry_id != first.entry_id


def test_the_same_fact_with_other_legs_is_refused() -> None:
    post(sale(reference="p1"))
    with pytest.raises(Conflict, match="other legs") as refusal:
        post(sale(reference="p1", share=3431, fee=1469))
    assert refusal.value.code == "entry_mismatch"
    assert balance("platform:revenue") == 1470


def test_a_replay_is_answered_though_the_balance_is_spent() -> None:
    post(award("ada", 10))
    draft = transfer("ada", "ben", 10)
    first = post(draft)
    assert post(draft) == Posted(first.entry_id, replayed=True)
    with db.transaction() as session:
        assert actions.post_many(session, [draft]) == [Posted(first.entry_id, replayed=True)]


def test_a_balance_can_not_fall_below_its_floor_and_the_refusal_names_it() -> None:
    post(award("ada", 10))
    with pytest.raises(Conflict, match="learner:ada:tokens") as refusal:
        post(transfer("ada", "ben", 11))
    assert refusal.value.code == "insufficient_balance"
    assert (balance("learner:ada:tokens", "azr"), balance("learner:ben:tokens", "azr")) == (10, 0)


def test_a_refund_may_take_an_instructor_below_nought_and_a_payout_may_not() -> None:
    post(sale())
    refund = fact(
        debit("instructor:ada:payable", usd(5000)),
        credit("payment:p1:refund_in_flight", usd(5000)),
        kind="refund_reserved",
    )
    post(refund)
    assert balance("instructor:ada:payable") == 3430 - 5000
    with pytest.raises(Conflict, match="instructor:ada:payable"):
        post(_payout("ada", 1))


def test_a_payout_takes_what_is_there_and_not_a_cent_more() -> None:
    post(sale())
    with pytest.raises(Conflict, match="instructor:ada:payable"):
        post(_payout("ada", 3431))
    post(_payout("ada", 3430))
    assert balance("instructor:ada:payable") == 0
    assert balance("instructor:ada:in_payout") == 3430


def test_twenty_threads_with_one_fact_make_one_entry() -> None:
    draft = sale()
    outcomes = at_once(20, lambda _: post(draft))
    assert {outcome.entry_id for outcome in outcomes if isinstance(outcome, Posted)} == {_id(outcomes[0])}
    assert (
        sorted(outcome.replayed for outcome in outcomes if isinstance(outcome, Posted))
        == [False] + [True] * 19
    )
    assert balance("stripe:balance") == 4900
    assert proven()


def test_of_two_versions_of_a_fact_one_stands_and_every_poster_learns_which() -> None:
    versions = [sale(reference="p1"), sale(reference="p1", share=3431, fee=1469)]
    outcomes = at_once(20, lambda place: post(versions[place % 2]))
    standing = [place for place in range(2) if isinstance(outcomes[place], Posted)]
    assert len(standing) == 1
    for place, outcome in enumerate(outcomes):
        if place % 2 == standing[0]:
            assert isinstance(outcome, Posted)
        else:
            assert isinstance(outcome, Conflict)
            assert outcome.code == "entry_mismatch"
    assert balance("stripe:balance") == 4900


def test_transfers_in_opposite_directions_do_not_block_each_other() -> None:
    for learner in "abcd":
        post(award(learner, 1000))

    def trade(place: int) -> None:
        random = Random(place)
        for _ in range(25):
            giver, taker = random.sample("abcd", 2)
            post(transfer(giver, taker, 1))

    assert at_once(16, trade) == [None] * 16
    assert sum(balance(f"learner:{learner}:tokens", "azr") for learner in "abcd") == 4000
    assert proven()


def test_new_accounts_named_in_opposite_orders_do_not_block_each_other() -> None:
    keys = [f"learner:{number}:tokens" for number in range(400)]

    def first_award(place: int) -> None:
        legs = [*(credit(key, TokenAmount(1)) for key in keys), debit("token:issued", TokenAmount(len(keys)))]
        post(fact(*(legs if place % 2 else legs[::-1]), kind="award"))

    assert at_once(4, first_award) == [None] * 4
    assert balance("learner:0:tokens", "azr") == 4


def test_many_facts_in_one_statement_answer_in_their_order() -> None:
    known = sale()
    first = post(known)
    drafts = [sale("ben"), known, sale("cid"), award("ada", 5)]
    with db.transaction() as session:
        posted = actions.post_many(session, drafts)
    assert [one.replayed for one in posted] == [False, True, False, False]
    assert posted[1].entry_id == first.entry_id
    assert (balance("instructor:ben:payable"), balance("instructor:cid:payable")) == (3430, 3430)
    assert balance("learner:ada:tokens", "azr") == 5
    assert proven()


def test_a_fact_twice_in_one_batch_is_once() -> None:
    draft = sale()
    with db.transaction() as session:
        posted = actions.post_many(session, [draft, draft])
    assert posted[0].entry_id == posted[1].entry_id
    assert balance("stripe:balance") == 4900
    assert proven()


def test_a_batch_is_all_or_nothing() -> None:
    post(sale(reference="p1"))
    for poison in (sale(reference="p1", share=1, fee=1), transfer("ada", "ben", 1)):
        with pytest.raises(Conflict), db.transaction() as session:
            actions.post_many(session, [sale("cid"), poison])
    assert balance("instructor:cid:payable") == 0


def test_no_facts_are_no_work() -> None:
    with db.transaction() as session:
        assert actions.post_many(session, []) == []


def test_overlapping_batches_in_opposite_orders_do_not_block_each_other() -> None:
    drafts = [award(str(number), 1) for number in range(2000)]

    def batch(place: int) -> int:
        with db.transaction() as session:
            posted = actions.post_many(session, drafts if place % 2 else drafts[::-1])
        return sum(not one.replayed for one in posted)

    answers = at_once(4, batch)
    assert sorted(answers, key=str) == [0, 0, 0, 2000]
    assert balance("token:issued", "azr") == 2000


def test_references_and_causes_travel_as_they_are() -> None:
    text = """it's, {"quoted"} \\ NULL ☂"""
    draft = Entry(
        "sale", text, sale().legs, text, "1", sale().occurred_at, request_id=text, actor=str(new_id())
    )
    with db.transaction() as session:
        posted = actions.post(session, draft)
        actions.post_many(session, [draft])
        entry = queries.find_entry(session, posted.entry_id)
    assert entry is not None
    assert (entry.reference, entry.cause, entry.request_id, entry.actor) == (text, text, text, draft.actor)


def _payout(instructor: str, cents: int) -> Entry:
    return fact(
        debit(f"instructor:{instructor}:payable", usd(cents)),
        credit(f"instructor:{instructor}:in_payout", usd(cents)),
        kind="payout_reserved",
    )


def _id(outcome: Posted | Exception) -> object:
    assert isinstance(outcome, Posted)
    return outcome.entry_id
