"""Saved payment methods, and paying with them, as an app sees it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core.ids import new_id
from tests.api.callers import bearer, fields, ok, problem
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")
METHODS = "/api/v1/me/payment-methods"
AMOUNT: dict[str, Any] = {"amount": 4900, "currency": "usd", "description": "Workshop"}


def test_a_card_is_saved_listed_chosen_and_removed(app: Flask, client: FlaskClient, shop: Shop) -> None:
    payer = shop.person()
    headers = bearer(app, payer)
    assert ok(client.get(METHODS, headers=headers)) == {"items": []}
    answer = client.post(METHODS, headers={**headers, "Idempotency-Key": "one"})
    begun = ok(answer, 201)
    assert answer.headers["Cache-Control"] == "no-store"
    assert begun["client_secret"].startswith(begun["stripe_setup_intent_id"])
    again = client.post(METHODS, headers={**headers, "Idempotency-Key": "one"})
    assert (ok(again, 201), again.headers["Idempotent-Replayed"]) == (begun, "true")
    shop.save(payer)
    second = str(shop.save(payer, "pm_card_mastercard"))
    (first, other) = ok(client.get(METHODS, headers=headers))["items"]
    assert {name: first[name] for name in ("kind", "brand", "last4", "exp_month", "exp_year")} == {
        "kind": "card", "brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034,
    }  # fmt: skip
    assert (first["is_default"], other["is_default"], other["id"]) == (True, False, second)
    chosen = ok(
        client.open(f"{METHODS}/{second}", method="PATCH", headers=headers, json={"is_default": True})
    )
    assert chosen["is_default"] is True
    assert client.delete(f"{METHODS}/{second}", headers=headers).status_code == 204
    problem(client.delete(f"{METHODS}/{second}", headers=headers), 404, "payment_method_not_found")
    assert [one["id"] for one in ok(client.get(METHODS, headers=headers))["items"]] == [first["id"]]


def test_a_saved_card_pays_and_the_answer_is_kept(app: Flask, client: FlaskClient, shop: Shop) -> None:
    payer = shop.person()
    wanted = {**AMOUNT, "payment_method": str(shop.save(payer))}
    headers = {**bearer(app, payer), "Idempotency-Key": "one"}
    paid = ok(client.post("/api/v1/payments", headers=headers, json=wanted), 201)
    assert paid["status"] == "completed"
    assert ok(client.post("/api/v1/payments", headers=headers, json=wanted), 201) == paid
    assert len(shop.office.v1.charges.list().data) == 1


def test_a_decline_is_kept_like_a_good_answer(app: Flask, client: FlaskClient, shop: Shop) -> None:
    payer = shop.person()
    wanted = {**AMOUNT, "payment_method": str(shop.save(payer, "pm_card_chargeCustomerFail"))}
    headers = {**bearer(app, payer), "Idempotency-Key": "one"}
    first = client.post("/api/v1/payments", headers=headers, json=wanted)
    assert problem(first, 402, "card_declined")["detail"] == "Your card was declined."
    again = client.post("/api/v1/payments", headers=headers, json=wanted)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (402, "true")
    assert len(shop.office.v1.charges.list().data) == 1
    (seen,) = ok(client.get("/api/v1/payments?status=failed", headers=headers))["items"]
    assert seen["failure"]["code"] == "generic_decline"


def test_a_charge_without_a_key_and_with_somebody_elses_card_is_refused(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    payer, other = shop.person(), shop.person()
    wanted = {**AMOUNT, "payment_method": str(shop.save(other))}
    headers = bearer(app, payer)
    told = problem(client.post("/api/v1/payments", headers=headers, json=wanted), 422, "invalid")
    assert fields(told) == ["Idempotency-Key"]
    headers["Idempotency-Key"] = "one"
    answer = client.post("/api/v1/payments", headers=headers, json=wanted)
    problem(answer, 404, "payment_method_not_found")
    assert shop.payments() == []


def test_a_payment_is_cancelled(app: Flask, client: FlaskClient, shop: Shop) -> None:
    payer = shop.person()
    headers = bearer(app, payer)
    made = ok(client.post("/api/v1/payments", headers=headers, json=AMOUNT), 201)
    path = f"/api/v1/payments/{made['id']}/cancel"
    problem(client.post(path, headers=bearer(app, shop.person())), 404, "payment_not_found")
    assert ok(client.post(path, headers=headers))["status"] == "cancelled"
    problem(client.post(f"/api/v1/payments/{new_id()}/cancel", headers=headers), 404, "payment_not_found")
    paid = shop.sell(payer, shop.course())
    answer = client.post(f"/api/v1/payments/{paid}/cancel", headers=headers)
    problem(answer, 409, "payment_not_cancellable")


def test_a_payer_goes_on_with_a_payment_that_waits(app: Flask, client: FlaskClient, shop: Shop) -> None:
    payer = shop.person()
    headers = bearer(app, payer)
    made = ok(client.post("/api/v1/payments", headers=headers, json=AMOUNT), 201)
    path = f"/api/v1/payments/{made['id']}/continue"
    answer = client.post(path, headers=headers)
    assert (ok(answer), answer.headers["Cache-Control"]) == (made, "no-store")
    problem(client.post(path, headers=bearer(app, shop.person())), 404, "payment_not_found")
    paid = shop.sell(payer, shop.course())
    again = ok(client.post(f"/api/v1/payments/{paid}/continue", headers=headers))
    assert again["status"] == "completed"
