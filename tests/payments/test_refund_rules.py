"""How much may go back, who may send it, and how it is shared: whatever the order, no cent is lost or found."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.errors import Conflict, Invalid
from azora_admin.core.money import Money
from azora_admin.ledger.rules import Entry, Leg
from azora_admin.payments.rules import refunds
from azora_admin.payments.rules.refunds import (
    Limits,
    Refundable,
    amount_to_refund,
    approver_needed,
    next_state,
)
from azora_admin.payments.rules.returns import Share, reserved_legs, returned_legs, settled_legs
from azora_admin.payments.rules.settlement import STATUSES
from azora_admin.web.statuses import REFUND, refund_reason_words

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
ID = "0190"
FLIGHT = f"payment:{ID}:refund_in_flight"


def usd(amount: int) -> Money:
    return Money(amount, "usd")


def payment(paid: int = 4900, refunded: int = 0, status: str = "completed") -> Refundable:
    return Refundable(status, usd(paid), usd(refunded), usd(0))


_flips: st.SearchStrategy[bool] = st.booleans()


@st.composite
def sales(draw: st.DrawFn) -> list[Share]:
    amounts = draw(st.lists(st.integers(1, 5000), min_size=1, max_size=5))
    keys = [f"instructor:{place}:payable" for place in range(len(amounts) - 1)] + ["platform:revenue"]
    return [Share(key, amount, NOW) for key, amount in zip(keys, amounts, strict=True)]


class Book:
    """What the accounts stand at after a sale and some refunds of it."""

    def __init__(self, shares: list[Share]) -> None:
        self.shares = shares
        self.paid = sum(share.amount for share in shares)
        self.live = 0
        self.accounts: defaultdict[str, int] = defaultdict(int)
        for share in shares:
            self.accounts[share.key] += share.amount
        self.accounts["stripe:balance"] -= self.paid

    def post(self, kind: str, legs: tuple[Leg, ...]) -> None:
        Entry(kind, "r", legs, "ask", "refund/1", NOW)  # a book would take it
        for leg in legs:
            self.accounts[leg.key] += leg.amount
            assert self.accounts[FLIGHT] >= 0
            assert leg.key == "platform:revenue" or self.accounts[leg.key] >= 0 or leg.key == "stripe:balance"

    def reserve(self, amount: int) -> None:
        legs = reserved_legs(ID, self.shares, refunded_before=self.live, amount=usd(amount))
        assert all(leg.amount < 0 for leg in legs if leg.key != FLIGHT)
        self.post("refund_reserved", legs)
        self.live += amount

    def fail(self, amount: int, *, was_settled: bool) -> None:
        legs = returned_legs(
            ID, self.shares, refunded_before=self.live, amount=usd(amount), was_settled=was_settled
        )
        assert all(leg.amount > 0 for leg in legs if leg.key not in (FLIGHT, "stripe:balance"))
        self.post("refund_failed", legs)
        self.live -= amount


@given(sales(), st.data())
def test_whatever_is_refunded_and_fails_a_full_refund_leaves_everybody_at_nought(
    shares: list[Share], data: st.DataObject
) -> None:
    book = Book(shares)
    open_ones: list[tuple[int, bool]] = []
    for _ in range(data.draw(st.integers(0, 8))):
        if bool(open_ones) and data.draw(_flips):
            amount, was_settled = open_ones.pop(data.draw(st.integers(0, len(open_ones) - 1)))
            book.fail(amount, was_settled=was_settled)
        elif book.live < book.paid:
            amount = data.draw(st.integers(1, book.paid - book.live))
            book.reserve(amount)
            settles = data.draw(_flips)
            if settles:
                book.post("refund_settled", settled_legs(ID, usd(amount)))
            open_ones.append((amount, settles))
    if book.live < book.paid:
        book.reserve(book.paid - book.live)
    assert {key: amount for key, amount in book.accounts.items() if amount and key in _keys(shares)} == {}


@given(sales(), st.data())
def test_what_the_parties_have_given_back_follows_from_the_sum_alone(
    shares: list[Share], data: st.DataObject
) -> None:
    one, other = Book(shares), Book(shares)
    total = data.draw(st.integers(1, one.paid))
    one.reserve(total)
    left = total
    while left:
        amount = data.draw(st.integers(1, left))
        other.reserve(amount)
        left -= amount
    assert {key: one.accounts[key] for key in _keys(shares)} == {
        key: other.accounts[key] for key in _keys(shares)
    }


def _keys(shares: list[Share]) -> list[str]:
    return [share.key for share in shares]


def test_a_leg_that_takes_back_carries_the_time_of_what_it_takes_back() -> None:
    later = NOW + timedelta(days=3)
    shares = [Share("instructor:1:payable", 70, later), Share("platform:revenue", 30, None)]
    taken = reserved_legs(ID, shares, refunded_before=0, amount=usd(10))
    given_back = returned_legs(ID, shares, refunded_before=10, amount=usd(10), was_settled=False)
    for legs in (taken, given_back):
        assert {leg.key: leg.available_at for leg in legs} == {
            "instructor:1:payable": later,
            "platform:revenue": None,
            FLIGHT: None,
        }


def test_without_an_amount_all_that_is_left_is_refunded() -> None:
    assert amount_to_refund(payment(4900, 1000, "partially_refunded"), None) == usd(3900)


@given(st.integers(1, 10**6), st.data())
def test_no_more_than_what_is_left_is_refunded(paid: int, data: st.DataObject) -> None:
    refunded = data.draw(st.integers(0, paid - 1))
    asked = data.draw(st.integers(-paid, 2 * paid))
    if 0 < asked <= paid - refunded:
        assert amount_to_refund(payment(paid, refunded), asked) == usd(asked)
    else:
        with pytest.raises(Invalid) as refused:
            amount_to_refund(payment(paid, refunded), asked)
        assert [one.field for one in refused.value.errors] == ["amount"]
        assert refused.value.code == ("refund_exceeds_payment" if asked > 0 else "invalid")


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_only_what_was_paid_and_is_not_disputed_is_refunded(status: str) -> None:
    codes = {
        "completed": "",
        "partially_refunded": "",
        "refunded": "",
        "charged_back": "",
        "disputed": "refund_blocked_by_dispute",
    }
    code = codes.get(status, "payment_not_refundable")
    if not code:
        assert amount_to_refund(payment(status=status), 1) == usd(1)
    else:
        with pytest.raises(Conflict) as refused:
            amount_to_refund(payment(status=status), 1)
        assert refused.value.code == code


def test_nothing_more_is_refunded_of_what_is_refunded() -> None:
    with pytest.raises(Conflict) as refused:
        amount_to_refund(payment(4900, 4900, "refunded"), None)
    assert refused.value.code == "payment_refunded"


def test_what_stripe_cannot_carry_is_refused_by_its_field() -> None:
    dinars = Refundable("completed", Money(5000, "kwd"), Money(0, "kwd"), Money(0, "kwd"))
    with pytest.raises(Invalid) as refused:
        amount_to_refund(dinars, 1001)
    assert [one.field for one in refused.value.errors] == ["amount"]


LIMITS = Limits(support=20, alone=40)


@pytest.mark.parametrize(
    ("currency", "before", "amount", "approver"),
    [
        ("usd", 0, 4000, None),
        ("usd", 0, 4001, "second_person"),
        ("usd", 3999, 2, "second_person"),
        ("jpy", 0, 40, None),
        ("jpy", 0, 41, "second_person"),
    ],
)
def test_above_a_limit_in_all_somebody_else_approves(
    currency: str, before: int, amount: int, approver: str | None
) -> None:
    paid = Refundable("completed", Money(10_000, currency), Money(before, currency), Money(0, currency))
    assert approver_needed(paid, Money(amount, currency), LIMITS, may_refund_more=True) == approver


@pytest.mark.parametrize(
    ("before", "amount", "approver"),
    [(0, 2000, None), (0, 2001, "finance"), (1500, 501, "finance"), (0, 4900, "finance")],
)
def test_what_support_may_not_refund_goes_to_finance(before: int, amount: int, approver: str | None) -> None:
    assert approver_needed(payment(4900, before), usd(amount), LIMITS, may_refund_more=False) == approver


@given(st.text(max_size=40))
def test_a_reason_is_one_line_or_named_by_its_field(typed: str) -> None:
    words = " ".join(typed.split())
    if words and not any(category(sign) in ("Cc", "Cs") for sign in words):
        assert refunds.check_why(typed) == words
    else:
        with pytest.raises(Invalid) as refused:
            refunds.check_why(typed)
        assert [one.field for one in refused.value.errors] == ["why"]


def test_a_reason_has_at_most_500_characters() -> None:
    assert refunds.check_why("x" * 500)
    with pytest.raises(Invalid):
        refunds.check_why("x" * 501)


TOLD = ("pending", "requires_action", "succeeded", "failed", "canceled")


def after(told: list[str], state: str = "reserved") -> str:
    for word in told:
        state = next_state(state, word) or state
    return state


@given(st.lists(st.sampled_from(TOLD)), st.randoms())
def test_the_order_and_repetition_of_what_stripe_told_does_not_matter(
    told: list[str], random: object
) -> None:
    # A refund that failed was never cancelled: of the two only one is ever told.
    told = [word for word in told if word != "canceled"]
    shuffled = [*told, *told]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert after(shuffled) == after(sorted(told, key=TOLD.index))


def test_a_refund_that_arrived_can_still_fail_and_nothing_follows_on_that() -> None:
    assert after(["succeeded", "failed"]) == "failed"
    assert after(["failed", "succeeded", "pending"]) == "failed"
    assert after(["something_new"]) == "pending"


def test_stripe_is_asked_until_the_end_and_now_and_then_for_a_month() -> None:
    first = timedelta(seconds=20)
    times = [refunds.next_ask("pending", since=NOW, now=NOW, count=count, first=first) for count in range(12)]
    assert all(
        earlier is not None and later is not None and earlier <= later for earlier, later in pairwise(times)
    )
    now, looks = NOW, 0
    while (at := refunds.next_ask("succeeded", since=NOW, now=now, count=looks, first=first)) is not None:
        now, looks = at, looks + 1
    assert (looks, now) == (5, NOW + timedelta(days=30))
    assert {
        refunds.next_ask(state, since=NOW, now=NOW, count=0, first=first) for state in ("failed", "cancelled")
    } == {None}


def test_a_key_is_used_no_longer_than_stripe_keeps_it() -> None:
    assert refunds.may_be_sent(NOW, now=NOW + timedelta(hours=22, minutes=59))
    assert not refunds.may_be_sent(NOW, now=NOW + timedelta(hours=23))


@pytest.mark.parametrize(
    ("returned", "lost", "status"),
    [
        (0, 0, "completed"),
        (1, 0, "partially_refunded"),
        (0, 8, "partially_refunded"),
        (9, 0, "refunded"),
        (9, 9, "refunded"),
        (0, 9, "charged_back"),
        (4, 5, "charged_back"),
        (4, 9, "charged_back"),
    ],
)
def test_a_payment_is_called_by_what_of_it_came_back(returned: int, lost: int, status: str) -> None:
    assert refunds.status_of_payment(paid=9, returned=returned, lost=lost) == status


def test_what_a_bank_took_is_not_left_to_refund() -> None:
    lost_in_part = Refundable("partially_refunded", usd(4900), usd(900), usd(1000))
    assert amount_to_refund(lost_in_part, None) == usd(3000)
    with pytest.raises(Invalid):
        amount_to_refund(lost_in_part, 3001)
    taken_twice = Refundable("charged_back", usd(4900), usd(900), usd(4900))
    with pytest.raises(Conflict, match="bank took it back") as refused:
        amount_to_refund(taken_twice, None)
    assert refused.value.code == "payment_refunded"


def test_every_state_has_a_look_and_every_reason_its_words() -> None:
    assert set(REFUND) == set(refunds.STATES)
    assert all(refund_reason_words(reason) for reason in refunds.REASONS)
