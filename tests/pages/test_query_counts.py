"""A page costs the same statements however many rows there are."""

from __future__ import annotations

from flask.testing import FlaskClient

from azora_admin.core import db
from azora_admin.core.ids import EntryId, PaymentId
from azora_admin.ledger.queries.entries import entries_for_reference
from tests.differing import differ
from tests.messaging.events import receive
from tests.pages import market
from tests.pages.conftest import Browser, Counted

PAGES = {
    "admin@market.test": [
        "/admin/",
        "/admin/payments",
        "/admin/payments?q=learner&status=completed&dates=7d",
        "/admin/payments/exports",
        "/admin/payments/{payment}",
        "/admin/entries/{entry}",
        "/admin/payments/{payment}/refund",
        "/admin/refunds",
        "/admin/refunds?state=succeeded",
        "/admin/refunds/requests",
        "/admin/refunds/bulk",
        "/admin/refunds/policy",
        "/admin/refunds/bulk/{bulk}",
        "/admin/refunds/bulk/new?all=1",
        "/admin/refunds/requests/{request}",
        "/admin/disputes",
        "/admin/disputes?state=answer",
        "/admin/disputes/{dispute}",
        "/admin/disputes/{dispute}/answer",
        "/admin/events",
        "/admin/operations",
        "/admin/operations?q={payment}&state=done&dates=90d",
        "/admin/operations/jobs?q={payment}&dates=7d",
        "/admin/events?type=payment_intent.succeeded&state=handled&dates=7d",
        "/admin/events/{event}",
        "/admin/reconciliation",
        "/admin/reconciliation/differences",
        "/admin/reconciliation/differences?state=waiting",
        "/admin/reconciliation/differences/{difference}",
        "/admin/people",
        "/admin/people?q=learner",
        "/admin/people?role=instructor",
        "/admin/permissions",
    ],
    "priya@market.test": ["/instructor/", "/instructor/earnings"],
    "learner0@market.test": [
        "/account/",
        "/account/cards",
        "/account/payments/{payment}",
        "/account/payments/{payment}/refund",
        "/account/security/",
    ],
}
# Who is signed in is one more; a snapshot's own BEGIN is not counted.
MOST = 12


def test_every_page_costs_the_same_statements_with_more_rows(browser: Browser, statements: Counted) -> None:
    admin = market.add_person("admin@market.test", "Amara Nwosu", "admin")
    market.set_policy(admin)
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    first, *others = market.add_learners(range(6))
    course = market.add_course("The first course", teacher, 4900)
    payment = market.pay(first, course, event="evt_1")
    market.pay(others[0], course)
    receive("evt_1")
    market.refund_in_dashboard(payment, 100)
    named = {
        "payment": payment,
        "request": market.ask_back(first, payment),
        "bulk": market.refund_many(admin, [payment]),
        "dispute": market.dispute(payment, amount=1000),
        "entry": _sale_of(payment),
        "event": "evt_1",
        "difference": differ("re_1"),
    }
    pages = [
        (client, path.format(**named))
        for client, paths in [(browser(email), paths) for email, paths in PAGES.items()]
        for path in paths
    ]
    for client, path in pages:
        client.get(path)
    few = {path: _counted(client, path, statements) for client, path in pages}
    for number in range(3):
        course = market.add_course(f"Course number {number}", teacher, 9900)
        for learner in (first, *others):
            bought = market.pay(learner, course, event="evt_1")
            market.refund_in_dashboard(bought, 100)
            market.ask_back(learner, bought)
            receive(f"evt_{learner.hex}{number}")
            differ(f"re_{learner.hex}{number}")
    many = {path: _counted(client, path, statements) for client, path in pages}
    assert many == few
    assert {path: count for path, count in many.items() if count > MOST} == {}


def _counted(client: FlaskClient, path: str, statements: Counted) -> int:
    with statements() as said:
        assert client.get(path).status_code == 200, path
    return len(said)


def _sale_of(payment: PaymentId) -> EntryId:
    with db.reading() as session:
        return entries_for_reference(session, [str(payment)])[0].id
