"""Stripe's events on pages: found, looked into, rehearsed, replayed, and left for a reason."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.messaging import inbox
from tests.audited import audited
from tests.messaging.events import jobs, receive, stored
from tests.pages import market
from tests.pages.conftest import Browser, form_token
from tests.selling import Shop

EVENT = "/admin/events/evt_1"


@pytest.fixture
def app(shop: Shop, settings: Settings) -> Flask:
    """The application with the stand-in for Stripe: a rehearsal asks it."""
    return create_app(settings.model_copy(update={"stripe_api_base": shop.stand_in.base}))


@pytest.fixture
def staff(browser: Browser) -> FlaskClient:
    """An administrator's browser."""
    market.add_person("admin@market.test", "Amara Nwosu", "admin")
    return browser("admin@market.test")


def park(event_id: str = "evt_1") -> None:
    for _ in range(inbox.TRIES):
        with db.transaction() as session:
            inbox.mark_failed(session, event_id, reason="Mismatch: <another> amount")


def post(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    token = form_token(client.get("/admin/events").text)
    return client.post(path, data={"csrf_token": token, **fields})


def paid(shop: Shop) -> Any:
    shop.confirm(shop.order(shop.person(), shop.course()))
    shop.tell_fees()
    (event,) = shop.events("payment_intent.succeeded")
    shop.receive(event)
    return event


def test_parked_events_come_first_with_their_reason_and_lead_to_their_page(staff: FlaskClient) -> None:
    receive("evt_1")
    receive("evt_2", object_id="pi_2")
    park()
    page = staff.get("/admin/events").text
    parked, everything = page.split("<h2>Everything</h2>")
    assert 'id="parked-evt_1"' in parked
    assert "Mismatch: &lt;another&gt; amount" in parked
    assert 'id="event-evt_1"' in everything
    assert 'id="event-evt_2"' in everything
    assert "parked-evt_1" not in staff.get("/admin/events?state=parked").text
    assert "parked-evt_1" not in staff.get("/admin/events?q=pi_2").text


def test_filters_stand_in_the_address_and_pages_follow_by_cursor(staff: FlaskClient) -> None:
    for number in range(30):
        receive(f"evt_{number:02}", object_id=f"pi_{number}")
    page = staff.get("/admin/events?type=payment_intent.succeeded&state=received").text
    assert page.count('<tr id="event-') == 25
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following is not None
    link = following[1].replace("&amp;", "&")
    assert "type=payment_intent.succeeded&state=received" in link
    assert staff.get(link).text.count('<tr id="event-') == 5
    assert staff.get("/admin/events?q=pi_7").text.count('<tr id="event-') == 1
    assert "No events match" in staff.get("/admin/events?q=pi_nothing").text
    assert staff.get("/admin/events?after=made-up").status_code == 422


def test_htmx_gets_the_results_and_the_canonical_address(staff: FlaskClient) -> None:
    receive()
    answer = staff.get(
        "/admin/events?type=&state=received&q=", headers={"HX-Request": "true", "HX-Target": "results"}
    )
    assert answer.headers["HX-Push-Url"] == "/admin/events?state=received"
    assert answer.text.lstrip().startswith('<div id="results">')
    assert 'id="event-tabs"' in answer.text


def test_a_page_tells_an_events_tries_effects_and_body(staff: FlaskClient, shop: Shop) -> None:
    event = paid(shop)
    with db.transaction() as session:
        inbox.mark_failed(session, event.id, reason="NoAnswer: silence")
        session.execute(
            text("""UPDATE inbox_event SET raw = '{"client_secret": "pi_1_secret_2", "a": "<b>"}'""")
        )
    before = staff.get(f"/admin/events/{event.id}").text
    assert "No ledger entry and no payment names this event" in before
    assert "NoAnswer: silence" in before
    assert "pi_1_secret_2" not in before
    assert "&lt;b&gt;" in before
    assert 'class="hl-' in before
    shop.handle([event])
    after = staff.get(f"/admin/events/{event.id}").text
    assert "Sale" in after
    assert "Processing fee" in after
    assert "Waiting → " in after
    assert "Handled" in after


def test_an_event_that_is_not_there_is_a_404_page(staff: FlaskClient) -> None:
    assert staff.get(EVENT).status_code == 404
    for act in ("rehearsal", "replay", "leave"):
        assert post(staff, f"{EVENT}/{act}", reason="Why not.").status_code == 404


def test_a_rehearsal_shows_what_would_change_and_the_replay_does_it(staff: FlaskClient, shop: Shop) -> None:
    event = paid(shop)
    path = f"/admin/events/{event.id}"
    books, waiting = shop.books(), len(jobs())
    page = post(staff, f"{path}/rehearsal").text
    assert "This would change" in page
    assert "Processing fee" in page
    assert "$49.00" in page
    assert (shop.books(), len(jobs()), audited("stripe_event.replayed")) == (books, waiting, [])
    key = re.search(r'name="idempotency_key" value="([^"]+)"', page)
    assert key is not None
    for _ in range(2):  # a double click
        done = post(staff, f"{path}/replay", idempotency_key=key[1])
        assert (done.status_code, done.location) == (303, path)
    assert len(jobs()) == waiting + 1
    (entry,) = audited("stripe_event.replayed")
    assert (entry.subject_kind, entry.subject_id, entry.actor_name) == (
        "stripe_event",
        event.id,
        "Amara Nwosu",
    )
    assert "by Amara Nwosu" in staff.get(path).text
    shop.handle([event])
    settled = post(staff, f"{path}/rehearsal").text
    assert "Nothing would change: it is settled already" in settled
    assert "This would change" not in settled


def test_a_rehearsal_that_fails_tells_why(staff: FlaskClient, shop: Shop) -> None:
    event = paid(shop)
    with db.transaction() as session:
        session.execute(text("UPDATE payment SET amount_minor = 1"))
    page = post(staff, f"/admin/events/{event.id}/rehearsal").text
    assert "It would fail again" in page
    assert "Mismatch: " in page


def test_a_parked_event_is_left_for_a_reason_that_stays(staff: FlaskClient) -> None:
    receive()
    park()
    refused = post(staff, f"{EVENT}/leave", reason=" ")
    assert (refused.status_code, stored()[0].state) == (422, "parked")
    assert "Say why the event is left as it is" in refused.text
    assert "<title>Error: " in refused.text
    done = post(staff, f"{EVENT}/leave", reason="A test of <somebody>.")
    assert (done.status_code, stored()[0].state) == (303, "left")
    page = staff.get(EVENT).text
    assert "A test of &lt;somebody&gt;." in page
    assert "by Amara Nwosu" in page
    assert "Leave it</button>" not in page
    (entry,) = audited("stripe_event.left")
    assert entry.why == "A test of <somebody>."
    again = post(staff, f"{EVENT}/leave", reason="Once more.")
    assert again.status_code == 422
    assert "not parked any more" in again.text


def test_support_sees_events_and_decides_nothing(browser: Browser) -> None:
    market.add_person("support@market.test", "Sam Port", "support")
    receive()
    park()
    support = browser("support@market.test")
    page = support.get(EVENT).text
    assert "Replay…" not in page
    assert "Leave it as it is" not in page
    for act in ("rehearsal", "replay", "leave"):
        assert post(support, f"{EVENT}/{act}", reason="Why not.").status_code == 403
    assert stored()[0].state == "parked"


def test_events_that_no_webhook_brought_are_led_to_from_the_overview(staff: FlaskClient) -> None:
    receive()
    with db.transaction() as session:
        session.execute(
            text("UPDATE inbox_event SET brought_by = 'backfill', state = 'handled', handled_at = now()")
        )
    page = staff.get("/admin/").text
    assert "1 Stripe event was not sent to us" in page
    assert 'href="/admin/events?by=backfill"' in page
    listed = staff.get("/admin/events?by=backfill").text
    assert 'id="event-evt_1"' in listed
    assert "found in stripe&#39;s list" in listed
