"""Chromium on the running application. A message in the console or a breach of the policy fails the test."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy import select, text

from azora_admin.app import create_app
from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.core.ids import DisputeId, DocumentId, EntryId, PaymentId, PersonId, RefundRequestId, new_id
from azora_admin.core.money import Money
from azora_admin.identity.actions import audit
from azora_admin.identity.actions.api_keys import create_key
from azora_admin.identity.actions.machines import add_machine
from azora_admin.identity.rules import Actor, Subject
from azora_admin.identity.tables import AuditEntry
from azora_admin.jobs.payment_export import write_export
from azora_admin.ledger.queries.entries import entries_for_reference
from azora_admin.messaging import outbox
from azora_admin.payments.actions import exports
from azora_admin.payments.queries import documents_of
from azora_admin.reports.payment_export import as_filters
from azora_admin.reports.payment_list import PaymentFilter
from tests import serving
from tests.databases import PreparedDatabase
from tests.differing import differ
from tests.failed_jobs import fail
from tests.pages import market
from tools.browser import ensure_chromium

ADMIN, PRIYA, ELENA = "amara@market.test", "priya@market.test", "elena@market.test"
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff Hubert Blaine von Königsegg-Aulendorf"
LONG_TITLE = (
    "An exceptionally long title that goes on about everything it teaches, from the first line to the last"
)

_WATCH = """
document.addEventListener('securitypolicyviolation', event =>
  console.error(`policy: ${event.effectiveDirective} ${event.blockedURI}`));
"""

Open = Callable[..., Page]


@dataclass(frozen=True)
class Scene:
    """What stands in the market of the browser tests."""

    url: str
    paid: PaymentId
    refused: PaymentId
    open: PaymentId
    sale: EntryId
    elena: PersonId
    rust: market.SomeCourse
    changed: UUID
    machine: PersonId
    refunded: PaymentId
    differing: UUID
    asked: RefundRequestId
    disputed: DisputeId
    receipt: DocumentId
    credit_note: DocumentId
    exported: UUID
    failed_job: int


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(ensure_chromium()), args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def app(settings: Settings, database: db.Database) -> Flask:
    """The whole application, with nobody where Stripe should be: no page of these tests reaches beyond the machine."""
    return create_app(settings.model_copy(update={"stripe_api_base": "http://127.0.0.1:9"}))


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The application on a port of its own. Its address."""
    with serving.served(app) as address:
        yield address


@pytest.fixture
def scene(served: str, migrated_database: PreparedDatabase) -> Scene:
    """A market of a few weeks: many sales, one refusal, one open payment, one event that was parked."""
    return replace(migrated_database.bring("scene", _made_scene), url=served)


def _made_scene() -> Scene:
    moving = FixedClock(clock.now() - timedelta(days=40))
    with clock.use(moving):
        market.add_person(ADMIN, "Amara Nwosu", "admin")
        priya = market.add_person(PRIYA, "Priya Raman", "instructor", "learner")
        other = market.add_person("long@market.test", LONG_NAME, "instructor")
        elena = market.add_person(ELENA, "Elena Kovacs", "learner")
        rust = market.add_course("Rust for Embedded Linux", priya, 4900)
        dear = market.add_course(LONG_TITLE, other, 40_000_000)
        for learner in market.add_learners(range(28)):
            latest = market.pay(learner, rust)
            moving.advance(timedelta(days=1))
        disputed = market.dispute(latest)
        sold = market.pay(market.add_learners([28])[0], market.add_course("Pricing for SaaS", other, 4900))
        market.refund_in_dashboard(sold, 4900, status="failed")
        market.refund_in_dashboard(sold, 1000)
        market.ask_for_refund(market.add_person("bea@market.test", "Bea Adeyemi", "finance"), sold)
        paid = market.pay(elena, dear, event="evt_paid")
        asked = market.ask_back(elena, paid, note=LONG_TITLE)
        refused = market.refuse(elena, market.add_course("Zero-Knowledge Proofs", priya, 9900))
    open_one = market.order(elena, rust)
    _receive(f"pi_{paid.hex}")
    with db.reading() as session:
        sale = entries_for_reference(session, [str(paid)])[0].id
    return Scene(
        "",
        paid,
        refused,
        open_one,
        sale,
        elena,
        rust,
        _change(elena),
        _add_machine(),
        sold,
        differ("re_1"),
        asked,
        disputed,
        _document(paid, "receipt"),
        _document(sold, "credit_note"),
        _export(elena),
        fail(outbox.DETACH_METHOD, '{"method": "pm_1"}'),
    )


def _document(payment_id: PaymentId, kind: str) -> DocumentId:
    """The first document of its kind that the payment has."""
    with db.reading() as session:
        return next(one.id for one in documents_of(session, [payment_id]) if one.kind == kind)


def _export(person_id: PersonId) -> UUID:
    """All payments as a file that is ready. Its id."""
    with db.transaction() as session:
        export_id = exports.request(session, requested_by=person_id, filters=as_filters(PaymentFilter()))
    write_export(export_id)
    return export_id


def _add_machine() -> PersonId:
    """A machine with a key."""
    actor = Actor(None, "root", "command", "", "")
    with db.transaction() as session:
        machine_id = add_machine(session, actor, name=LONG_NAME)
        create_key(
            session,
            actor,
            owner_id=machine_id,
            name=LONG_TITLE[:80],
            scopes=["own:read"],
            expires_at=None,
        )
    return machine_id


def _change(person_id: PersonId) -> UUID:
    """An entry of the audit log with everything that one may have. Its id."""
    actor = Actor(
        person_id, LONG_NAME, "api", f"req_{'0' * 32}", "2001:db8:1111:2222:3333:4444:5555:6666", new_id()
    )
    before = {
        "roles": ["learner", "support"],
        "note": LONG_TITLE,
        "plan": {"seats": 5, "price": Money(4900, "usd")},
    }
    after = {
        "roles": ["learner", "owner"],
        "agreed": True,
        "plan": {"seats": 5, "price": Money(40_000_000, "usd")},
    }
    subject = Subject("person", str(person_id), LONG_NAME)
    with db.transaction() as session:
        audit.record(
            session, actor, act="person.changed", subject=subject, before=before, after=after, why=LONG_TITLE
        )
        return session.scalars(select(AuditEntry.id).where(AuditEntry.act == "person.changed")).one()


def _receive(object_id: str) -> None:
    insert = text(
        "INSERT INTO inbox_event (id, source, type, object_id, api_version, raw, state, attempts, last_error,"
        " created_at, received_at, next_try_at, handled_at) VALUES (:id, 'stripe', :type, :object, 'v', '', :state, 8,"
        " :error, :at, :at, :at, :handled)"
    )
    now = clock.now()
    rows: list[dict[str, Any]] = [
        {
            "id": "evt_paid",
            "type": "payment_intent.succeeded",
            "state": "handled",
            "error": None,
            "handled": now,
        },
        {"id": "evt_parked", "type": "charge.updated", "state": "parked", "error": "Nobody knows it. " * 20},
    ]
    with db.transaction() as session:
        for row in rows:
            session.execute(insert, {"object": object_id, "at": now, "handled": None} | row)


@pytest.fixture
def context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """New browser contexts, closed at the end."""
    opened: list[BrowserContext] = []

    def make(**options: object) -> BrowserContext:
        made = chromium.new_context(**options)  # type: ignore[arg-type]
        made.set_default_timeout(10_000)
        opened.append(made)
        return made

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def open_page(scene: Scene, context: Callable[..., BrowserContext]) -> Iterator[Open]:
    """A page in a new context, signed in as ``email`` if given. Whatever its console says fails the test.

    ``refusal`` is a status that the test provokes. Nothing moves unless the test wants it to.
    """
    said: list[str] = []

    def open_one(email: str | None = None, *, refusal: int | None = None, **options: object) -> Page:
        def listen(kind: str, words: str) -> None:
            # Chromium writes every refused request into the console; only the test's own one may stand there.
            if kind == "error" and not re.search(rf"\b(status of|Code) {refusal}\b", words):
                said.append(words)

        made = context(base_url=scene.url, **{"reduced_motion": "reduce"} | options)
        made.add_init_script(_WATCH)
        page = made.new_page()
        page.on("console", lambda message: listen(message.type, message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        if email:
            sign_in(page, email)
        return page

    yield open_one
    assert said == []


def sign_in(page: Page, email: str) -> None:
    """As the form does it, without the time to draw it; ``page`` then shows what follows."""
    form = page.request.get("/sign-in").text()
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token is not None
    sent = {"csrf_token": token[1], "email": email, "password": market.PASSWORD}
    answer = page.request.post("/sign-in", form=sent)
    assert "/sign-in" not in answer.url
    page.goto(answer.url)
