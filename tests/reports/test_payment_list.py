"""Finding payments: by what was typed, by status, by day, page by page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import PaymentId
from azora_admin.core.paging import Cursor
from azora_admin.payments.tables import Payment
from azora_admin.reports.payment_list import PaymentFilter, PaymentList, conditions_for, list_payments
from azora_admin.reports.payment_search import PEOPLE, amounts_of, meanings
from tests.pages import market

pytestmark = pytest.mark.usefixtures("database")


def find(wanted: PaymentFilter, *, limit: int = 50, cursor: Cursor | None = None) -> PaymentList:
    with db.snapshot() as session:
        return list_payments(session, wanted, limit=limit, cursor=cursor)


def ids(found: PaymentList) -> list[PaymentId]:
    return [row.id for row in found.page.items]


@pytest.fixture
def paid(test_clock: FixedClock) -> dict[str, PaymentId]:
    """Five payments an hour apart, each in another state."""
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    elena = market.add_person("elena.kovacs@market.test", "Elena Kovacs", "learner")
    david = market.add_person("100%_david@market.test", "David Okafor", "learner")
    rust = market.add_course("Rust for Embedded Linux", teacher, 4900)
    proofs = market.add_course("Zero-Knowledge Proofs", teacher, 1_234_50)
    made: dict[str, PaymentId] = {}
    made["completed"] = market.pay(elena, rust)
    test_clock.advance(timedelta(hours=1))
    made["failed"] = market.refuse(david, rust)
    test_clock.advance(timedelta(hours=1))
    made["requires_action"] = market.order(elena, proofs)
    market.hear(elena, made["requires_action"], proofs, status="requires_action")
    test_clock.advance(timedelta(days=2))
    made["unknown"] = market.order(david, proofs, sent=False)
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kovacs", {"completed", "requires_action"}),
        ("ELENA.KOVACS@market.test", {"completed", "requires_action"}),
        ("david okafor", {"failed", "unknown"}),
        ("embedded", {"completed", "failed"}),
        ("100%_", {"failed", "unknown"}),
        ("OKÁFOR", {"failed", "unknown"}),
        ("for  embedded lin", {"completed", "failed"}),
        ("knowledge", {"requires_action", "unknown"}),
        ("zero-knowledge p", {"requires_action", "unknown"}),
        ("proof", {"requires_action", "unknown"}),
        ("roofs", set()),
        ("%", set()),
        ("-", set()),
        ("49", {"completed", "failed"}),
        ("$49.00", {"completed", "failed"}),
        ("1,234.50", {"requires_action", "unknown"}),
        ("nothing like it", set()),
        ("'; DROP TABLE payment; --", set()),
    ],
)
def test_a_payment_is_found_by_address_name_course_or_amount(
    paid: dict[str, PaymentId], text: str, expected: set[str]
) -> None:
    assert set(ids(find(PaymentFilter(text=text)))) == {paid[name] for name in expected}


def test_a_payment_is_found_by_its_id_the_beginning_of_it_and_stripes_ids(paid: dict[str, PaymentId]) -> None:
    wanted = paid["completed"]
    for said in (str(wanted), wanted.hex, f"pi_{wanted.hex}", f"ch_{wanted.hex}"):
        assert ids(find(PaymentFilter(text=said))) == [wanted]
    assert wanted in ids(find(PaymentFilter(text=str(wanted)[:13])))


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (("completed",), ["completed"]),
        (("unknown",), ["unknown"]),
        (("pending",), []),
        (("unknown", "failed"), ["unknown", "failed"]),
        (("cancelled",), []),
    ],
)
def test_a_status_is_the_one_that_people_see(
    paid: dict[str, PaymentId], statuses: tuple[str, ...], expected: list[str]
) -> None:
    found = find(PaymentFilter(statuses=statuses))
    assert ids(found) == [paid[name] for name in expected]
    assert [row.status for row in found.page.items] == expected
    assert found.total == len(expected)


def test_counts_are_of_every_status_whatever_status_is_shown(paid: dict[str, PaymentId]) -> None:
    found = find(PaymentFilter(statuses=("failed",)))
    assert found.by_status == {"completed": 1, "failed": 1, "requires_action": 1, "unknown": 1}
    assert find(PaymentFilter()).total == 4


def test_days_are_whole_and_both_within(paid: dict[str, PaymentId]) -> None:
    first = date(2026, 7, 1)
    assert len(ids(find(PaymentFilter(first_on=first, last_on=first)))) == 3
    assert ids(find(PaymentFilter(first_on=first + timedelta(days=1)))) == [paid["unknown"]]


def test_pages_forward_and_back_show_each_payment_once_in_one_order(paid: dict[str, PaymentId]) -> None:
    first = find(PaymentFilter(), limit=3)
    second = find(PaymentFilter(), limit=3, cursor=first.page.next_cursor)
    assert ids(first) + ids(second) == [
        paid[name] for name in ("unknown", "requires_action", "failed", "completed")
    ]
    assert first.page.previous_cursor is None
    assert second.page.next_cursor is None
    back = find(PaymentFilter(), limit=3, cursor=second.page.previous_cursor)
    assert ids(back) == ids(first)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("49", (49, 4900, 49_000)),
        ("49.5", (4950, 49_500)),
        ("49.500", (49_500,)),
        ("$1,234.50", (123_450, 1_234_500)),
        ("KWD 1.250", (1_250,)),
        ("4,000,000", (4_000_000, 400_000_000, 4_000_000_000)),
        ("12,34", ()),
        ("rust 2", ()),
        ("49 dollars", ()),
    ],
)
def test_an_amount_is_read_in_every_currency_that_it_may_be_meant_in(
    text: str, amounts: tuple[int, ...]
) -> None:
    assert amounts_of(text) == amounts


def test_a_title_is_found_by_what_it_is_called_now(paid: dict[str, PaymentId]) -> None:
    with db.transaction() as session:
        session.execute(
            text("UPDATE course SET title = 'Глубокие сети, шаг за шагом' WHERE title LIKE 'Rust%'")
        )
    assert set(ids(find(PaymentFilter(text="ШАГ ЗА")))) == {paid["completed"], paid["failed"]}
    assert ids(find(PaymentFilter(text="embedded"))) == []


def test_more_people_than_are_looked_for_are_told_of(test_clock: FixedClock) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    learners = market.add_learners(range(PEOPLE + 1))
    first, last = market.pay(learners[0], course), market.pay(learners[-1], course)
    found = find(PaymentFilter(text="learner"))
    assert found.has_more
    with db.snapshot() as session:
        taken = meanings(session, "learner").people
    assert len(taken) == PEOPLE
    expected = {payment for payment, payer in ((first, learners[0]), (last, learners[-1])) if payer in taken}
    assert set(ids(found)) == expected
    assert not find(PaymentFilter(text="rust")).has_more


@given(
    wanted=st.builds(
        PaymentFilter,
        text=st.sampled_from(
            ["", "kov", "d", "rust", "49", "1,234.50", "pi_", "pi_x", "ffffffff", "market", "zz"]
        ),
        statuses=st.sampled_from([(), ("completed",), ("failed", "unknown"), ("pending",)]),
        first_on=st.sampled_from([None, date(2026, 7, 1), date(2026, 7, 2)]),
    )
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whoever_wants_all_of_them_gets_those_that_the_pages_show(
    paid: dict[str, PaymentId], wanted: PaymentFilter
) -> None:
    first = find(wanted, limit=2)
    shown = ids(first)
    if first.page.next_cursor:
        shown += ids(find(wanted, limit=2, cursor=first.page.next_cursor))
    with db.snapshot() as session:
        every = session.scalars(select(Payment.id).where(*conditions_for(session, wanted))).all()
    assert len(shown) == len(set(shown)) == first.total
    assert set(every) == set(shown)
