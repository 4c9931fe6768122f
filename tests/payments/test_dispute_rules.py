"""What a dispute does to the books follows from what Stripe tells, whole, and from nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.money import Money
from azora_admin.ledger.rules import Entry, Leg, cumulative_allocate
from azora_admin.payments.rules import disputes as rules
from azora_admin.payments.rules.disputes import DisputeMismatch, Held, Movement, bring
from azora_admin.payments.rules.returns import Share

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WITHHELD, EXCESS = "dispute:d:withheld", "platform:adjustments"


def usd(amount: int) -> Money:
    return Money(amount, "usd")


NOTHING = Held(usd(0), usd(0), 0)


def moved(name: str, taken: int, fee: int = 0) -> Movement:
    return Movement(name, usd(taken), usd(fee), NOW)


@st.composite
def sales(draw: st.DrawFn) -> list[Share]:
    amounts = draw(st.lists(st.integers(1, 5000), min_size=1, max_size=4))
    keys = [f"instructor:{place}:payable" for place in range(len(amounts) - 1)] + ["platform:revenue"]
    return [Share(key, amount, NOW) for key, amount in zip(keys, amounts, strict=True)]


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[list[Movement], str]]:
    """What Stripe may tell in turn: each time the movements so far, and a status; any status may follow any."""
    held, movements, told = 0, [], []
    for number in range(draw(st.integers(1, 6))):
        taken = draw(st.integers(-held, 6000))
        fee = draw(st.sampled_from([0, 1500, -1500]))
        if taken or fee:
            movements.append(moved(f"txn_{number}", taken, fee))
            held += taken
        told.append((list(movements), draw(st.sampled_from((*rules.STATUSES, "a_new_word")))))
    return told


class Book:
    """What the accounts stand at."""

    def __init__(self, shares: Sequence[Share], refunded: int) -> None:
        self.shares, self.refunded = shares, refunded
        self.held, self.known = NOTHING, set[str]()
        self.accounts: defaultdict[str, int] = defaultdict(int)

    def hear(self, movements: Sequence[Movement], status: str) -> None:
        news = [one for one in movements if one.id not in self.known]
        step = bring(
            "d", self.held, news, status, shares=self.shares, gone=self.refunded + self.held.withdrawn.amount
        )
        for one in step.postings:
            self.post(one.kind, one.reference, one.legs)
        self.held = step.held
        self.known |= {one.id for one in news}

    def post(self, kind: str, reference: str, legs: tuple[Leg, ...]) -> None:
        Entry(kind, reference, legs, "ask", "dispute/1", NOW)  # a book would take it
        for leg in legs:
            self.accounts[leg.key] += leg.amount
        assert self.accounts[WITHHELD] >= 0


@given(sales(), st.integers(0, 5000), histories())
def test_the_books_say_what_stripe_told_last(
    shares: list[Share], refunded: int, told: list[tuple[list[Movement], str]]
) -> None:
    paid = sum(share.amount for share in shares)
    refunded = min(refunded, paid)
    book = Book(shares, refunded)
    for movements, status in told:
        book.hear(movements, status)
        book.hear(movements, status)  # twice is once
        taken, fees = sum(one.taken.amount for one in movements), sum(one.fee.amount for one in movements)
        before = cumulative_allocate(
            [share.amount for share in shares], paid=paid, refunded_before=0, refund=refunded
        )
        after = cumulative_allocate(
            [share.amount for share in shares],
            paid=paid,
            refunded_before=0,
            refund=min(refunded + taken, paid),
        )
        expected = {share.key: old - new for share, old, new in zip(shares, before, after, strict=True)}
        withheld = 0 if status in rules.LOST else taken
        expected |= {
            "stripe:balance": taken + fees,
            "stripe:fees": -fees,
            EXCESS: -max(refunded + taken - paid, 0),
            WITHHELD: withheld,
            "stripe:disputed": -withheld,
        }
        assert {key: amount for key, amount in book.accounts.items() if amount} == {
            key: amount for key, amount in expected.items() if amount
        }


@given(sales(), histories())
def test_whatever_was_heard_on_the_way_the_end_is_the_same(
    shares: list[Share], told: list[tuple[list[Movement], str]]
) -> None:
    whole, skipping = Book(shares, 0), Book(shares, 0)
    for movements, status in told:
        whole.hear(movements, status)
    movements, status = told[-1]
    skipping.hear(movements, status)
    assert {k: v for k, v in whole.accounts.items() if v} == {k: v for k, v in skipping.accounts.items() if v}
    assert replace(whole.held, decisions=0) == replace(skipping.held, decisions=0)


@pytest.mark.parametrize("first", rules.STATUSES)
@pytest.mark.parametrize("second", rules.STATUSES)
def test_any_status_may_follow_any_other(first: str, second: str) -> None:
    book = Book([Share("platform:revenue", 4900, None)], 0)
    book.hear([moved("txn_1", 4900, 1500)], first)
    book.hear([moved("txn_1", 4900, 1500)], second)
    assert book.accounts[WITHHELD] == (0 if second in rules.LOST else 4900)
    assert book.accounts["platform:revenue"] == -4900


def test_kinds_tell_what_happened() -> None:
    shares = [Share("platform:revenue", 4900, None)]

    def kinds(held: Held, news: list[Movement], status: str) -> list[tuple[str, str]]:
        step = bring("d", held, news, status, shares=shares, gone=held.withdrawn.amount)
        return [(one.kind, one.reference) for one in step.postings]

    taken = moved("txn_1", 4900, 1500)
    assert kinds(NOTHING, [taken], "needs_response") == [("dispute_opened", "txn_1")]
    assert kinds(NOTHING, [taken], "lost") == [("dispute_opened", "txn_1"), ("dispute_lost", "d:1")]
    withheld = Held(usd(4900), usd(4900), 0)
    assert kinds(withheld, [moved("txn_2", -4900)], "won") == [("dispute_won", "txn_2")]
    assert kinds(withheld, [], "won") == []  # the money is not back yet
    assert kinds(Held(usd(4900), usd(0), 1), [], "appeal_under_review") == [("dispute_reopened", "d:2")]
    assert kinds(Held(usd(4900), usd(0), 1), [moved("txn_2", -4900)], "won") == [("dispute_won", "txn_2")]
    assert kinds(NOTHING, [], "warning_needs_response") == []


def test_more_than_was_taken_does_not_come_back() -> None:
    with pytest.raises(DisputeMismatch):
        bring("d", NOTHING, [moved("txn_1", -1)], "won", shares=[], gone=0)


def test_a_fee_alone_is_booked_too() -> None:
    step = bring("d", NOTHING, [moved("txn_1", 0, 1500)], "needs_response", shares=[], gone=0)
    assert [(leg.key, leg.amount) for leg in step.postings[0].legs] == [
        ("stripe:fees", -1500),
        ("stripe:balance", 1500),
    ]


@pytest.mark.parametrize(
    ("days", "which"),
    [(7.1, None), (7, 7), (3.1, 7), (3, 3), (1.1, 3), (1, 1), (0.1, 1), (0, None), (-1, None)],
)
def test_reminders_come_seven_three_and_one_days_before(days: float, which: int | None) -> None:
    assert rules.reminder(NOW + timedelta(days=days), now=NOW) == which


def test_an_open_dispute_is_looked_at_each_day_and_a_decided_one_ever_more_seldom() -> None:
    assert rules.next_ask("under_review", closed_at=None, now=NOW) == NOW + timedelta(days=1)
    now, looks = NOW, 0
    while (at := rules.next_ask("lost", closed_at=NOW, now=now)) is not None:
        now, looks = at, looks + 1
    assert (looks, now) == (4, NOW + timedelta(days=90))


@pytest.mark.parametrize(
    ("left", "is_suggested"),
    [
        (Money(1, "usd"), True),
        (Money(1500, "usd"), True),
        (Money(1501, "usd"), False),
        (Money(0, "usd"), False),
        (Money(1300, "jpy"), True),
        (Money(1301, "jpy"), False),
        (Money(1, "kwd"), False),
    ],
)
def test_a_refund_is_suggested_where_a_dispute_would_cost_more(left: Money, is_suggested: bool) -> None:
    assert rules.suggests_refund(left) is is_suggested
