"""Refunds as apps and machines of the staff make them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.ids import PaymentId, PersonId
from azora_admin.identity.queries import get_person
from azora_admin.ledger.queries import entries_for_reference
from tests.api.callers import bearer, fields, ok, problem
from tests.refunding import PENDING, sold
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")

WHY = {"reason": "requested_by_customer"}


def post(
    client: FlaskClient, shop: Shop, payment_id: PaymentId, *, what: str = "", key: str = "", **body: Any
) -> TestResponse:
    headers = bearer(client.application, shop.finance) | ({"Idempotency-Key": key} if key else {})
    return client.post(f"/api/v1/payments/{payment_id}/refunds{what}", json={**WHY, **body}, headers=headers)


def test_a_refund_as_its_maker_and_its_payer_see_it(app: Flask, client: FlaskClient, shop: Shop) -> None:
    payment_id = sold(shop)
    with db.reading() as session:
        payer = get_person(session, PersonId(shop.payment().payer_id))
    path = f"/api/v1/payments/{payment_id}"
    before = client.get(path, headers=bearer(app, payer))
    assert (ok(before)["refunded"], ok(before)["refunds"]) == (0, [])
    made = ok(post(client, shop, payment_id, amount=1000, note="Ticket 4812"), 201)
    assert (made["status"], made["amount"], made["source"]) == ("succeeded", 1000, "ours")
    after = client.get(path, headers=bearer(app, payer))
    assert (ok(after)["status"], ok(after)["refunded"]) == ("partially_refunded", 1000)
    assert after.headers["ETag"] != before.headers["ETag"]
    assert [one["id"] for one in ok(after)["refunds"]] == [made["id"]]
    assert ok(client.get(path, headers=bearer(app, shop.finance))) == ok(after)
    assert ok(client.get("/api/v1/payments?status=partially_refunded", headers=bearer(app, payer)))["items"]


def test_the_preview_is_byte_for_byte_what_is_made_and_posted(client: FlaskClient, shop: Shop) -> None:
    payment_id = sold(shop)
    for amount in (333, 333, 334, None):
        asked: dict[str, Any] = {} if amount is None else {"amount": amount}
        plan = ok(post(client, shop, payment_id, what="/preview", **asked))
        assert shop.payment().refunded_minor == sum(one.amount.amount for one in shop.refunds())
        made = ok(post(client, shop, payment_id, **asked), 201)
        assert json.dumps(made["legs"]) == json.dumps(plan["legs"])
        assert plan["ends_access"] is (amount is None)
        with db.reading() as session:
            (reserved, _) = entries_for_reference(session, [made["id"]])
        posted = [(leg.key, leg.amount, leg.asset) for leg in reserved.legs]
        assert posted == [(leg["account"], leg["amount"], leg["currency"]) for leg in plan["legs"]]


def test_the_same_request_again_refunds_once(client: FlaskClient, shop: Shop) -> None:
    payment_id = sold(shop)
    first = post(client, shop, payment_id, amount=500, key="k")
    second = post(client, shop, payment_id, amount=500, key="k")
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.data == first.data
    assert ok(first, 201)["status"] == "succeeded"
    problem(post(client, shop, payment_id, amount=501, key="k"), 422, "idempotency_key_reused")
    assert len(shop.refunds_at_stripe()) == 1


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "500_after"])
def test_silence_is_no_error_and_the_same_request_again_makes_no_second_refund(
    client: FlaskClient, shop: Shop, fault: str
) -> None:
    payment_id = sold(shop)
    shop.fail_next("/v1/refunds", fault, times=3)
    first = post(client, shop, payment_id, amount=500, key="k")
    # What Stripe kept under our key as a failure was looked for at once.
    assert ok(first, 201)["status"] == ("succeeded" if fault == "500_after" else "unknown")
    assert post(client, shop, payment_id, amount=500, key="k").data == first.data
    assert len(shop.refunds()) == 1


def test_more_than_is_left_is_refused_by_its_field(client: FlaskClient, shop: Shop) -> None:
    payment_id = sold(shop)
    for what in ("", "/preview"):
        refused = problem(
            post(client, shop, payment_id, what=what, amount=4901), 422, "refund_exceeds_payment"
        )
        assert fields(refused) == ["amount"]
        wrong = problem(post(client, shop, payment_id, what=what, amount=0, reason="mood"), 422, "invalid")
        assert fields(wrong) == ["amount", "reason"]
    ok(post(client, shop, payment_id), 201)
    problem(post(client, shop, payment_id), 409, "payment_refunded")
    assert shop.payment().status == "refunded"


def test_what_was_not_paid_is_not_refunded(client: FlaskClient, shop: Shop) -> None:
    ordered = shop.order(shop.person(), shop.course()).payment.id
    problem(post(client, shop, ordered), 409, "payment_not_refundable")
    problem(post(client, shop, PaymentId(shop.finance.person_id)), 404, "payment_not_found")


def test_above_the_limit_a_refund_waits(shop: Shop) -> None:
    settings = shop.settings.model_copy(update={"refund_alone_limit": 10, "refund_support_limit": 5})
    client = create_app(settings).test_client()
    payment_id = sold(shop, PENDING)
    plan = ok(post(client, shop, payment_id, what="/preview", amount=1001))
    assert plan["needs_second_approval"] is True
    assert ok(post(client, shop, payment_id, amount=1001), 202)["status"] == "waiting"
    assert ok(post(client, shop, payment_id, amount=1000), 201)["status"] == "pending"
    support = bearer(client.application, shop.person("support"))
    for path, status in (("refunds/preview", 200), ("refunds", 202)):
        answer = client.post(
            f"/api/v1/payments/{payment_id}/{path}", json={**WHY, "amount": 501}, headers=support
        )
        told = ok(answer, status)
    assert told["status"] == "waiting"
    assert plan["approval_by"] == "second_person"


def test_learners_refund_nothing_and_see_their_own_alone(app: Flask, client: FlaskClient, shop: Shop) -> None:
    payment_id = sold(shop)
    learner = bearer(app, shop.person())
    path = f"/api/v1/payments/{payment_id}"
    problem(client.post(f"{path}/refunds", json=WHY, headers=learner), 403, "insufficient_permissions")
    problem(client.get(path, headers=learner), 404, "payment_not_found")
