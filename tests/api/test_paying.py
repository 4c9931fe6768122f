"""Making payments: of a course or of an amount, and each field named that can't be accepted."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core.ids import new_id
from azora_admin.core.money import Money
from tests.api.callers import bearer, ok, problem
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")


def test_an_amount_is_paid_and_the_same_call_again_is_answered_the_same(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    learner = shop.person()
    headers = {**bearer(app, learner), "Idempotency-Key": "one"}
    wanted = {"amount": 12500, "currency": "eur", "description": "Workshop in Bergen"}
    shop.fail_next("/v1/payment_intents", "reset_after", times=3)
    problem(client.post("/api/v1/payments", headers=headers, json=wanted), 503, "payment_outcome_unknown")
    (unknown,) = ok(client.get("/api/v1/payments?status=unknown", headers=headers))["items"]
    assert unknown["stripe_payment_intent_id"] is None
    answer = client.post("/api/v1/payments", headers=headers, json=wanted)
    made = ok(answer, 201)
    assert made["id"] == unknown["id"]
    assert answer.headers["Location"] == f"/api/v1/payments/{made['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert (made["status"], made["amount"], made["currency"]) == ("pending", 12500, "eur")
    assert (made["course_id"], made["description"]) == (None, "Workshop in Bergen")
    assert made["client_secret"].startswith(made["stripe_payment_intent_id"])
    again = client.post("/api/v1/payments", headers=headers, json=wanted)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert ok(again, 201) == made
    assert len(shop.payments()) == len(shop.intents()) == 1


def test_a_course_is_bought_by_either_call(app: Flask, client: FlaskClient, shop: Shop) -> None:
    course, headers = shop.course(), bearer(app, shop.person())
    made = ok(client.post("/api/v1/payments", headers=headers, json={"course_id": str(course)}), 201)
    again = client.post(f"/api/v1/courses/{course}/purchase", headers=headers)
    assert ok(again, 201) == made
    free = shop.course(Money(0, "usd"))
    body = ok(client.post("/api/v1/payments", headers=headers, json={"course_id": str(free)}), 201)
    assert body["enrollment"]["course_id"] == str(free)
    problem(
        client.post("/api/v1/payments", headers=headers, json={"course_id": str(new_id())}),
        404,
        "course_not_found",
    )


AMOUNT: dict[str, Any] = {"amount": 12500, "currency": "eur", "description": "Workshop"}
COURSE = {"course_id": "01890a5d-ac96-774b-bcce-b302099a8057"}


@pytest.mark.parametrize(
    ("body", "named", "code"),
    [
        ({}, ["course_id", "amount"], "invalid"),
        ({**AMOUNT, **COURSE}, ["course_id", "amount"], "invalid"),
        ({**COURSE, "currency": "eur", "description": "x"}, ["currency", "description"], "invalid"),
        ({"amount": 12500}, ["currency", "description"], "invalid"),
        ({**AMOUNT, "amount": 49}, ["amount"], "invalid"),
        ({**AMOUNT, "amount": 0}, ["amount"], "invalid"),
        ({**AMOUNT, "amount": 10**12}, ["amount"], "invalid"),
        ({**AMOUNT, "amount": 12.5}, ["amount"], "invalid"),
        ({**AMOUNT, "currency": "xxx"}, ["currency"], "invalid"),
        ({**AMOUNT, "currency": "EUR"}, ["currency"], "invalid"),
        ({**AMOUNT, "description": " "}, ["description"], "invalid"),
        ({**AMOUNT, "coupon": "SUMMER"}, ["coupon"], "coupon_invalid"),
        ({**COURSE, "coupon": "SUMMER"}, ["coupon"], "coupon_invalid"),
        ({"coupon": "SUMMER"}, ["course_id", "amount", "coupon"], "invalid"),
    ],
)
def test_a_payment_that_can_not_be_made_names_every_field(
    app: Flask, client: FlaskClient, shop: Shop, body: dict[str, Any], named: list[str], code: str
) -> None:
    answer = client.post("/api/v1/payments", headers=bearer(app, shop.person()), json=body)
    told = problem(answer, 422, code)
    assert [error["field"] for error in told["errors"]] == named
    assert shop.payments() == []


def test_the_smallest_charge_is_named(app: Flask, client: FlaskClient, shop: Shop) -> None:
    wanted = {**AMOUNT, "amount": 17499, "currency": "huf"}
    answer = client.post("/api/v1/payments", headers=bearer(app, shop.person()), json=wanted)
    (error,) = problem(answer, 422, "invalid")["errors"]
    assert error == {
        "field": "amount",
        "code": "amount_too_small",
        "message": "The smallest charge is HUF 175.00.",
    }
