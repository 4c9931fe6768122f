"""What people see of themselves is theirs alone."""

from __future__ import annotations

import pytest

from azora_admin.core import db
from azora_admin.reports.account import account_page
from azora_admin.reports.inbox_events import EventFilter, list_events
from tests.pages import market

pytestmark = pytest.mark.usefixtures("database", "test_clock")


def test_a_learner_sees_what_they_can_open_and_every_payment_of_their_own() -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    one, two = market.add_learners(range(2))
    rust = market.add_course("Rust for Embedded Linux", teacher, 4900)
    proofs = market.add_course("Zero-Knowledge Proofs", teacher, 9900)
    bought = market.pay(one, rust)
    refused = market.refuse(one, proofs)
    market.pay(two, proofs)
    with db.snapshot() as session:
        seen = account_page(session, person_id=one, limit=10, cursor=None)
    assert [(grant.title, grant.instructor, grant.payment_id) for grant in seen.grants] == [
        ("Rust for Embedded Linux", "Priya Raman", bought)
    ]
    assert {row.id for row in seen.payments.items} == {bought, refused}


def test_an_inbox_without_events_is_empty_whatever_is_asked_for() -> None:
    for state in ("", "parked"):
        with db.snapshot() as session:
            found = list_events(session, EventFilter(state=state), limit=25, cursor=None)
        assert (list(found.page.items), dict(found.open_counts)) == ([], {})
