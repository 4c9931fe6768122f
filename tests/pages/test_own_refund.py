"""A payer asks for a refund on a page, and staff decide it on theirs."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.ids import PaymentId
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import SignedIn
from tests.pages import market
from tests.pages.conftest import Browser
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")
FINANCE, SUPPORT, LEARNER = "finn@market.test", "sam@market.test", "elena@market.test"


@pytest.fixture
def app(shop: Shop) -> Flask:
    """The whole application, with the stand-in behind it and a low limit for support."""
    return create_app(shop.settings.model_copy(update={"refund_support_limit": 10}))


def person(email: str, name: str, role: str) -> SignedIn:
    person_id = market.add_person(email, name, role)
    with db.reading() as session:
        return get_person(session, person_id)


@pytest.fixture
def learner(shop: Shop) -> SignedIn:
    return person(LEARNER, "Elena Kovacs", "learner")


@pytest.fixture
def queued(shop: Shop, learner: SignedIn) -> PaymentId:
    """A purchase under a policy that sends everything to a person."""
    market.set_policy(shop.finance.person_id)
    return shop.sell(learner, shop.course())


def send(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Fill in the form of the page at ``path`` and send it."""
    page = client.get(path).text
    form = next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'id="form"' in one)
    action = re.search(r'action="([^"]+)"', form)
    assert action
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
    entered = {"kind": "full", "amount": "", "reason": "wrong_level", "note": ""}
    to = fields.pop("to", action[1])
    return client.post(to, data=hidden | entered | fields)


def own(payment_id: PaymentId) -> str:
    return f"/account/payments/{payment_id}/refund"


def test_a_small_refund_goes_back_at_once(shop: Shop, browser: Browser, learner: SignedIn) -> None:
    payment_id = shop.sell(learner, shop.course())
    client = browser(LEARNER)
    assert f'href="{own(payment_id)}"' in client.get("/account/").text
    page = client.get(own(payment_id)).text
    assert "the money goes back at once" in page
    assert "within 14 days of paying" in page
    done = send(client, own(payment_id), kind="part", amount="12.50", note="Too easy")
    assert done.status_code == 303
    after = client.get(own(payment_id)).text
    for words in ("$12.50 is on its way back to you.", "You asked for $12.50", "Too easy", "Ask again"):
        assert words in after
    assert [one.amount for one in shop.refunds_at_stripe()] == [1250]


def test_what_cannot_be_asked_is_said_beside_its_field(browser: Browser, queued: PaymentId) -> None:
    client = browser(LEARNER)
    refused = send(client, own(queued), kind="part", amount="49.01", reason="mood")
    assert refused.status_code == 422
    assert '<a href="#reason">Choose a reason from the list.</a>' in refused.text
    refused = send(client, own(queued), kind="part", amount="49.01")
    assert "up to $49.00, what is left" in refused.text
    assert client.get(own(PaymentId(queued))).status_code == 200
    market.add_person("other@market.test", "Otto", "learner")
    assert browser("other@market.test").get(own(queued)).status_code == 404


def test_a_request_waits_and_is_withdrawn(browser: Browser, queued: PaymentId) -> None:
    client = browser(LEARNER)
    assert send(client, own(queued)).status_code == 303
    page = client.get(own(queued)).text
    assert "We look at your request for $49.00" in page
    assert "Ask for a refund</button>" not in page
    form = next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if "Withdraw" in one)
    action = re.search(r'action="([^"]+)"', form)
    assert action
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    assert client.post(action[1], data=fields).status_code == 303
    assert "You took it back" in client.get(own(queued)).text
    assert client.post(action[1], data=fields | {"idempotency_key": "other"}).status_code == 409


def test_outside_the_policy_the_page_says_so_and_a_person_is_asked(
    browser: Browser, queued: PaymentId
) -> None:
    client = browser(LEARNER)
    page = client.get(own(queued)).text
    assert "outside of our refund policy" not in page
    with db.transaction() as session:
        session.execute(text("UPDATE payment SET settled_at = settled_at - interval '15 days'"))
    page = client.get(own(queued)).text
    assert "It was paid 15 days ago, and the refund policy allows 14 days." in page
    assert "Ask all the same" in page
    assert send(client, own(queued)).status_code == 303
    assert "We look at your request" in client.get(own(queued)).text


def test_staff_decide_in_the_queue_and_the_learner_reads_why(
    shop: Shop, browser: Browser, queued: PaymentId
) -> None:
    learner = browser(LEARNER)
    send(learner, own(queued), note="It is far too easy")
    person(FINANCE, "Finn Boyle", "finance")
    finance = browser(FINANCE)
    queue = finance.get("/admin/refunds/requests").text
    for words in (LEARNER, "$49.00", "Within policy", "0 <span", "Requests<span"):
        assert words in queue
    path = re.search(r'href="(/admin/refunds/requests/[^"]+)"', queue)
    assert path
    page = finance.get(path[1]).text
    assert "−$34.30" in page
    assert "It is far too easy" in page
    refused = send(finance, path[1], to=f"{path[1]}/decline", why=" ")
    assert refused.status_code == 422
    assert '<a href="#why">Say why: the learner reads it.</a>' in refused.text
    assert send(finance, path[1], to=f"{path[1]}/decline", why="You saw all of it.").status_code == 303
    assert "You saw all of it." in learner.get(own(queued)).text
    assert "Nobody waits" in finance.get("/admin/refunds/requests").text
    assert "You saw all of it." in finance.get("/admin/refunds/requests?state=decided").text
    assert shop.refunds() == []


def test_approving_follows_the_limits_of_whoever_approves(
    shop: Shop, browser: Browser, queued: PaymentId
) -> None:
    learner = browser(LEARNER)
    send(learner, own(queued))
    person(SUPPORT, "Sam Osei", "support")
    support = browser(SUPPORT)
    path = re.search(r'href="(/admin/refunds/requests/[^"]+)"', support.get("/admin/refunds/requests").text)
    assert path
    assert "it goes to finance" in support.get(path[1]).text
    assert send(support, path[1]).status_code == 303
    assert [one.state for one in shop.refunds()] == ["waiting"]
    assert "A person looks at it" in learner.get(own(queued)).text
    person(FINANCE, "Finn Boyle", "finance")
    finance = browser(FINANCE)
    queue = finance.get("/admin/refunds?state=waiting").text
    form = next(one for one in re.findall(r"<form.*?</form>", queue, re.DOTALL) if "Approve" in one)
    action = re.search(r'action="([^"]+)"', form)
    assert action
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))
    assert finance.post(action[1], data=fields).status_code == 303
    assert "The money left us" in learner.get(own(queued)).text
    late = send(finance, path[1])
    assert late.status_code == 422
    assert "already" in late.text
