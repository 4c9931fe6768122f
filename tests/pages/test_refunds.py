"""Refunding on pages: the form, its preview, the second person, and what is seen of it afterwards."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.app import create_app
from azora_admin.core.ids import PaymentId
from tests.pages import market
from tests.pages.conftest import Browser, form_token
from tests.refunding import has_access, sold
from tests.selling import Shop

FINANCE, SECOND, SUPPORT = "finance@market.test", "second@market.test", "support@market.test"


@pytest.fixture
def app(shop: Shop) -> Flask:
    """The whole application, with the stand-in behind it and low limits."""
    limits = {"refund_support_limit": 10, "refund_alone_limit": 40}
    return create_app(shop.settings.model_copy(update=limits))


@pytest.fixture
def finance(browser: Browser) -> FlaskClient:
    market.add_person(FINANCE, "Amara Nwosu", "finance")
    return browser(FINANCE)


def send(client: FlaskClient, payment_id: PaymentId, *, to: str = "", **fields: str) -> TestResponse:
    page = client.get(f"/admin/payments/{payment_id}/refund").text
    key = re.search(r'name="idempotency_key" value="([^"]+)"', page)
    assert key
    form = {
        "csrf_token": form_token(page),
        "idempotency_key": key[1],
        "kind": "full",
        "amount": "",
        "reason": "duplicate",
        "note": "",
    }
    return client.post(f"/admin/payments/{payment_id}/refund{to}", data=form | fields)


def press(client: FlaskClient, page: str, words: str) -> TestResponse:
    """Send the form on ``page`` whose button says ``words``."""
    form = next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if words in one)
    action = re.search(r'action="([^"]+)"', form)
    assert action
    return client.post(action[1], data=dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form)))


def test_a_part_is_previewed_and_refunded(shop: Shop, finance: FlaskClient) -> None:
    payment_id = sold(shop)
    assert "Refund…" in finance.get(f"/admin/payments/{payment_id}").text
    preview = send(finance, payment_id, to="/preview", kind="part", amount="12.34")
    assert preview.status_code == 200
    assert "−$8.64" in preview.text
    assert "Refund $12.34" in preview.text
    assert shop.refunds() == []
    done = send(finance, payment_id, kind="part", amount="12.34", note="Ticket 4812")
    assert done.status_code == 303
    page = finance.get(done.headers["Location"]).text
    for words in (
        "$12.34 went back to the learner.",
        "Partly refunded",
        "Duplicate",
        "Ticket 4812",
        "Refund paid out",
    ):
        assert words in page
    assert [(one.amount.amount, one.reason, one.state) for one in shop.refunds()] == [
        (1234, "duplicate", "succeeded")
    ]


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("49.01", "Enter an amount up to $49.00, what is left on this payment."),
        ("0", "Enter an amount of more than nothing."),
        ("12,50", "Enter an amount like 12.00."),
        ("-3", "Enter an amount like 12.00."),
        ("1.005", "Enter an amount like 12.00."),
        ("", "Enter an amount like 12.00."),
        ("١", "Enter an amount like 12.00."),
    ],
)
def test_an_impossible_amount_is_refused_beside_its_field(
    shop: Shop, finance: FlaskClient, amount: str, words: str
) -> None:
    payment_id = sold(shop)
    refused = send(finance, payment_id, kind="part", amount=amount)
    assert refused.status_code == 422
    assert f'<a href="#amount">{words}</a>' in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert shop.refunds() == []


def test_the_same_form_sent_twice_refunds_once(shop: Shop, finance: FlaskClient) -> None:
    payment_id = sold(shop)
    first = send(finance, payment_id, kind="part", amount="1", idempotency_key="k")
    again = send(finance, payment_id, kind="part", amount="1", idempotency_key="k")
    assert (first.status_code, again.status_code) == (303, 303)
    assert len(shop.refunds_at_stripe()) == 1


def test_above_the_limit_a_second_person_approves_in_the_queue(
    shop: Shop, finance: FlaskClient, browser: Browser
) -> None:
    payment_id = sold(shop)
    assert "Ask for approval $49.00" in finance.get(f"/admin/payments/{payment_id}/refund").text
    assert send(finance, payment_id).status_code == 303
    own = finance.get("/admin/refunds?state=waiting").text
    assert "somebody else has to approve" in own
    assert "Approve $49.00" not in own
    market.add_person(SECOND, "Bea Adeyemi", "finance")
    second = browser(SECOND)
    queue = second.get("/admin/refunds?state=waiting").text
    assert press(second, queue, "Approve $49.00").status_code == 303
    assert "approved by Bea Adeyemi" in second.get("/admin/refunds").text
    assert shop.payment().status == "refunded"
    assert not has_access(shop)
    late = press(second, re.sub(r'(idempotency_key" value=")[^"]+', r"\1late", queue), "Approve $49.00")
    assert late.status_code == 409
    assert "waits for nobody any more" in late.text


def test_whoever_asked_can_withdraw(shop: Shop, finance: FlaskClient) -> None:
    payment_id = sold(shop)
    send(finance, payment_id)
    queue = finance.get("/admin/refunds").text
    assert press(finance, queue, "Withdraw").status_code == 303
    assert [one.state for one in shop.refunds()] == ["cancelled"]
    assert "Withdrawn by whoever asked" in finance.get("/admin/refunds?state=failed").text


def test_support_sends_what_is_above_its_limit_to_finance_who_turn_it_down_with_a_reason(
    shop: Shop, finance: FlaskClient, browser: Browser
) -> None:
    payment_id = sold(shop)
    market.add_person(SUPPORT, "Sam Osei", "support")
    support = browser(SUPPORT)
    assert "it goes to finance" in support.get(f"/admin/payments/{payment_id}/refund").text
    assert send(support, payment_id).status_code == 303
    (waiting,) = shop.refunds()
    assert waiting.state == "waiting"
    path = f"/admin/refunds/{waiting.id}/turn-down"
    assert "Turn down" not in support.get("/admin/refunds").text
    assert support.get(path).status_code == 403
    asked = finance.get(path).text
    assert "Sam Osei reads it" in asked
    fields = {"csrf_token": form_token(asked), "why": " "}
    refused = finance.post(path, data=fields)
    assert refused.status_code == 422
    assert '<a href="#why">Say why: whoever asked for the refund reads it.</a>' in refused.text
    assert finance.post(path, data=fields | {"why": "Ticket 7 says otherwise"}).status_code == 303
    assert "Ticket 7 says otherwise" in support.get(f"/admin/payments/{payment_id}").text
    assert finance.post(path, data=fields | {"why": "Late"}).status_code == 422
    assert send(support, payment_id, kind="part", amount="10").status_code == 303
    assert shop.refunds()[1].state == "succeeded"


def test_what_cannot_be_refunded_says_why(shop: Shop, finance: FlaskClient) -> None:
    ordered = shop.order(shop.person(), shop.course()).payment.id
    assert "Refund…" not in finance.get(f"/admin/payments/{ordered}").text
    page = finance.get(f"/admin/payments/{ordered}/refund")
    assert "Only a payment that succeeded can be refunded." in page.text
    assert send(finance, ordered).status_code == 422


def test_the_queue_is_paged(finance: FlaskClient) -> None:
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    payment_id = market.pay(market.add_learners([1])[0], market.add_course("Rust", teacher, 4900))
    for amount in range(1, 31):
        market.refund_in_dashboard(payment_id, amount)
    first = finance.get("/admin/refunds?state=succeeded").text
    assert "25 refunds shown" in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    assert "5 refunds shown" in finance.get(following[1].replace("&amp;", "&")).text
    assert "No refunds here" in finance.get("/admin/refunds?state=waiting").text
