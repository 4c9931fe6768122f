"""What goes out, on pages: found by kind and state, each call by Stripe's name for it, parked or tried for a reason."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import PaymentId
from azora_admin.flows import asking
from azora_admin.flows.connecting import write_down
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.messaging import outbox
from tests.failed_jobs import fail
from tests.pages import market
from tests.pages.conftest import Browser
from tests.pages.test_refunds import press
from tests.selling import ASK_AFTER, Shop

FINANCE, SUPPORT = "finance@market.test", "support@market.test"


@pytest.fixture
def app(shop: Shop) -> Flask:
    """The whole application, with the stand-in behind it."""
    shop.stripe.on_sent = write_down
    return create_app(shop.settings)


@pytest.fixture
def finance(browser: Browser) -> FlaskClient:
    market.add_person(FINANCE, "Amara Nwosu", "finance")
    return browser(FINANCE)


def lost(shop: Shop) -> str:
    """An order whose answer never came: the address of its page."""
    shop.fail_next("/v1/payment_intents", "reset_after")
    with suppress(NoAnswer):
        shop.order(shop.person(), shop.course(title="Watercolour"))
    return f"/admin/operations/payment/{shop.payment().id}"


def send(client: FlaskClient, page: str, act: str, reason: str) -> int:
    shown = client.get(page).text
    form = {
        "csrf_token": shown.split('name="csrf_token" value="')[1].split('"')[0],
        "idempotency_key": shown.split('name="idempotency_key" value="')[1].split('"')[0],
        "reason": reason,
    }
    return client.post(f"{page}/{act}", data=form).status_code


def test_a_lost_order_is_listed_with_its_call_and_found_by_its_state(
    shop: Shop, finance: FlaskClient
) -> None:
    page = lost(shop)
    assert "Watercolour" in finance.get("/admin/operations").text
    assert "Watercolour" in finance.get("/admin/operations?state=unknown&kind=payment").text
    for other in ("?state=done", "?kind=refund", "?state=parked"):
        assert "Watercolour" not in finance.get(f"/admin/operations{other}").text
    shown = finance.get(page).text
    assert "No answer" in shown
    assert f"Key payment-{shop.payment().id}" in shown
    asking.ask(shop.stripe, PaymentId(shop.payment().id))
    shown = finance.get(page).text
    assert "Answered" in shown
    assert "Stripe request req_" in shown
    assert "Watercolour" in finance.get("/admin/operations?state=done").text


def test_what_is_parked_is_not_asked_about_until_it_is_taken_up_again(
    shop: Shop, finance: FlaskClient, test_clock: FixedClock
) -> None:
    page = lost(shop)
    assert send(finance, page, "park", "Stripe looks into it") == 303
    test_clock.advance(timedelta(hours=2))
    assert asking.enqueue_due(first_pause=ASK_AFTER) == 0
    assert "1 outgoing operation parked" in finance.get("/admin/").text
    assert "Take it up again" in finance.get(page).text
    assert send(finance, page, "retry", "They found it") == 303
    assert asking.enqueue_due(first_pause=ASK_AFTER) == 1
    with db.reading() as session:
        noted = session.execute(
            text("SELECT act, why FROM audit_entry WHERE act LIKE 'outgoing.%' ORDER BY recorded_at, id")
        ).all()
    assert [tuple(one) for one in noted] == [
        ("outgoing.parked", "Stripe looks into it"),
        ("outgoing.retried", "They found it"),
    ]


def test_nothing_is_steered_without_a_reason_or_by_whoever_may_not(
    shop: Shop, finance: FlaskClient, browser: Browser
) -> None:
    page = lost(shop)
    assert send(finance, page, "park", " ") == 422
    market.add_person(SUPPORT, "Sam", "support")
    support = browser(SUPPORT)
    assert "Park it" not in support.get(page).text
    assert press(finance, finance.get(page).text, "Try it now").status_code == 422
    assert shop.payment().parked_at is None


def test_what_is_known_has_nothing_to_try(shop: Shop, finance: FlaskClient) -> None:
    payment_id = shop.sell(shop.person(), shop.course())
    page = f"/admin/operations/payment/{payment_id}"
    assert "Try it now" not in finance.get(page).text
    assert finance.get(f"/admin/operations/nothing/{payment_id}").status_code == 404


def test_what_went_out_is_never_changed(shop: Shop, finance: FlaskClient) -> None:
    lost(shop)
    for statement in ("UPDATE outgoing_call SET outcome = 'done'", "DELETE FROM outgoing_call"):
        with pytest.raises((IntegrityError, InternalError)), db.transaction() as session:
            session.execute(text(statement))


def test_a_finished_or_given_up_operation_has_no_next_try(shop: Shop, finance: FlaskClient) -> None:
    page = lost(shop)
    assert "The next try" in finance.get(page).text
    asking.ask(shop.stripe, PaymentId(shop.payment().id))
    assert shop.payment().next_ask_at is not None
    assert "The next try" not in finance.get(page).text
    assert "—" in finance.get("/admin/operations?state=done").text.split("<tbody>")[1]


def test_an_operation_is_found_by_any_of_its_names_and_nothing_else_is(
    shop: Shop, finance: FlaskClient
) -> None:
    learner = shop.person()
    payment_id = shop.sell(learner, shop.course(title="Watercolour"))
    shop.sell(shop.person(), shop.course(title="Oil"))
    refund = shop.refund(payment_id, 1000)
    (payment,) = [one for one in shop.payments() if one.id == payment_id]
    (request_id,) = called(about=str(payment_id))
    customer = next(one for one in shop.intents() if one.id == payment.stripe_payment_intent_id).customer
    both = {f"payment/{payment_id}", f"refund/{refund.id}"}
    expected = {
        str(payment_id): both,
        str(payment.stripe_payment_intent_id): both,
        str(payment.stripe_charge_id): both,
        str(customer): both,
        str(learner.person_id): both,
        str(refund.id): {f"refund/{refund.id}"},
        str(refund.stripe_refund_id): {f"refund/{refund.id}"},
        f"refund-{refund.id}": {f"refund/{refund.id}"},
        request_id: {f"payment/{payment_id}"},
        f" payment-{payment_id} ": {f"payment/{payment_id}"},
        "pi_nothing": set(),
    }
    for said, wanted in expected.items():
        shown = finance.get("/admin/operations", query_string={"q": said, "kind": ""}).text
        found = set(re.findall(r'href="/admin/operations/([a-z]+/[0-9a-f-]{36})"', shown))
        assert {one for one in found if not one.startswith("mail")} == wanted, said
    assert "Nothing went out for “pi_nothing”" in finance.get("/admin/operations?q=pi_nothing").text


def called(about: str) -> list[str]:
    """Stripe's names of the calls about a thing of ours."""
    with db.reading() as session:
        found = session.scalars(
            text("SELECT outside_id FROM outgoing_call WHERE about = :about"), {"about": about}
        )
        return list(found)


def test_a_list_that_htmx_asks_for_is_its_results_with_the_canonical_address(
    shop: Shop, finance: FlaskClient
) -> None:
    lost(shop)
    headers = {"HX-Request": "true", "HX-Target": "results"}
    shown = finance.get("/admin/operations?kind=&state=unknown&q=&dates=own&from=&junk=1", headers=headers)
    assert shown.headers["HX-Push-Url"] == "/admin/operations?state=unknown"
    assert shown.text.lstrip().startswith('<div id="results">')
    assert 'id="chips" hx-swap-oob' in shown.text
    assert 'id="outgoing-tabs"' in shown.text


def test_failed_jobs_are_led_to(finance: FlaskClient) -> None:
    assert "failed</span></span>" not in finance.get("/admin/operations").text
    fail(outbox.DETACH_METHOD, '{"method": "pm_1"}')
    assert '<span class="count count--bad">1<span class="sr"> failed' in finance.get("/admin/operations").text
