"""Payers ask for their money back through the API."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core.clock import FixedClock
from azora_admin.identity.rules import SignedIn
from tests.api.callers import bearer, fields, ok, problem
from tests.pages import market
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")


@pytest.fixture
def learner(shop: Shop) -> SignedIn:
    return shop.person()


def test_a_purchase_names_its_policy_and_a_request_follows_it(
    app: Flask, client: FlaskClient, shop: Shop, learner: SignedIn
) -> None:
    payment_id = shop.sell(learner, shop.course())
    me = bearer(app, learner)
    policy = ok(client.get(f"/api/v1/payments/{payment_id}", headers=me))["refund_policy"]
    assert (policy["version"], policy["days"], policy["most_progress"]) == (1, 14, 30)
    assert policy["automatic_up_to"] == {"amount": 5000, "currency": "usd"}
    path = f"/api/v1/payments/{payment_id}/refund-requests"
    plan = ok(client.post(f"{path}/preview", json={"amount": 900}, headers=me))
    assert (plan["verdict"], plan["amount"], plan["refund_policy"]) == ("automatic", 900, policy)
    assert shop.refunds() == []
    keyed = me | {"Idempotency-Key": "k"}
    asked = {"reason": "changed_mind", "amount": 900}
    made = ok(client.post(path, json=asked, headers=keyed), 201)
    assert (made["status"], made["refund"]["status"]) == ("approved", "succeeded")
    again = client.post(path, json=asked, headers=keyed)
    assert (again.headers["Idempotent-Replayed"], ok(again, 201)) == ("true", made)
    assert len(shop.refunds_at_stripe()) == 1
    assert ok(client.get("/api/v1/refund-requests", headers=me))["items"] == [made]
    assert ok(client.get(f"/api/v1/refund-requests/{made['id']}", headers=me)) == made


def test_a_request_that_waits_is_withdrawn_and_is_nobody_else_s(
    app: Flask, client: FlaskClient, shop: Shop, learner: SignedIn
) -> None:
    market.set_policy(shop.finance.person_id)
    payment_id = shop.sell(learner, shop.course())
    me, other = bearer(app, learner), bearer(app, shop.person())
    path = f"/api/v1/payments/{payment_id}/refund-requests"
    wrong = problem(client.post(path, json={"reason": "mood", "amount": 0}, headers=me), 422, "invalid")
    assert fields(wrong) == ["amount", "reason"]
    problem(client.post(path, json={"reason": "other"}, headers=other), 404, "payment_not_found")
    made = ok(client.post(path, json={"reason": "other", "note": "Hm"}, headers=me), 201)
    assert (made["status"], made["verdict"], made["refund"]) == ("open", "queue", None)
    problem(client.post(path, json={"reason": "other"}, headers=me), 409, "refund_request_open")
    one = f"/api/v1/refund-requests/{made['id']}"
    problem(client.get(one, headers=other), 404, "refund_request_not_found")
    problem(client.post(f"{one}/withdraw", json={}, headers=other), 404, "refund_request_not_found")
    assert ok(client.post(f"{one}/withdraw", json={}, headers=me))["status"] == "withdrawn"
    problem(client.post(f"{one}/withdraw", json={}, headers=me), 409, "refund_request_decided")


def test_outside_the_policy_one_has_to_insist(
    app: Flask, client: FlaskClient, shop: Shop, learner: SignedIn, test_clock: FixedClock
) -> None:
    market.set_policy(shop.finance.person_id, days=0)
    payment_id = shop.sell(learner, shop.course())
    test_clock.advance(timedelta(days=2))
    path = f"/api/v1/payments/{payment_id}/refund-requests"
    me = bearer(app, learner)
    assert ok(client.post(f"{path}/preview", json={}, headers=me))["verdict"] == "outside"
    refused = problem(client.post(path, json={"reason": "other"}, headers=me), 409, "outside_refund_policy")
    assert "paid 2 days ago" in refused["detail"]
    asked = client.post(path, json={"reason": "other", "despite_policy": True}, headers=me)
    assert ok(asked, 201)["status"] == "open"
