"""What apps change is in the audit log: who, on which request, and what it is now."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core.money import Money
from tests.api.callers import bearer, ok, problem
from tests.audited import audited
from tests.selling import Shop

LENA = {"email": "lena@example.com", "name": "Lena", "password": "correct horse battery"}
REQUEST = {"X-Request-Id": "req_of_this_test"}


def test_a_sign_up_is_recorded_without_the_password(client: FlaskClient) -> None:
    made = ok(client.post("/api/v1/users", json=LENA, headers=REQUEST), 201)
    (entry,) = audited()
    assert (entry.act, entry.subject_id, entry.subject_label) == (
        "person.signed_up",
        made["id"],
        LENA["email"],
    )
    assert (entry.actor_id, entry.via, entry.request_id) == (None, "api", "req_of_this_test")
    assert (entry.before, entry.after) == (
        None,
        {"email": LENA["email"], "name": "Lena", "roles": ["learner"]},
    )
    assert entry.address == "127.0.0.1"


def test_a_sign_up_that_is_refused_is_not_recorded(client: FlaskClient) -> None:
    ok(client.post("/api/v1/users", json=LENA), 201)
    problem(client.post("/api/v1/users", json=LENA), 422, "invalid")
    assert len(audited()) == 1


def test_a_sign_in_is_recorded_and_one_in_vain_is_not(client: FlaskClient) -> None:
    made = ok(client.post("/api/v1/users", json=LENA), 201)
    credentials = {"email": LENA["email"], "password": LENA["password"]}
    problem(
        client.post("/api/v1/auth/token", json={**credentials, "password": "x"}), 401, "invalid_credentials"
    )
    assert audited("person.signed_in") == []
    ok(client.post("/api/v1/auth/token", json=credentials))
    (entry,) = audited("person.signed_in")
    assert (str(entry.actor_id), entry.actor_name, entry.subject_id) == (made["id"], "Lena", made["id"])


def test_an_order_is_recorded_once_however_often_the_call_is_made(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    learner, course = shop.person(), shop.course(title="Watercolour for beginners")
    for _ in range(3):
        bought = ok(client.post(f"/api/v1/courses/{course}/purchase", headers=bearer(app, learner)), 201)
    (entry,) = audited("payment.ordered")
    assert (entry.subject_kind, entry.subject_id) == ("payment", bought["id"])
    assert (entry.subject_label, entry.actor_id) == ("Watercolour for beginners", learner.person_id)
    assert entry.after == {
        "course_id": str(course),
        "payer_id": str(learner.person_id),
        "price": {"amount_minor": 4900, "currency": "usd"},
    }


def test_an_enrolment_in_a_free_course_is_recorded(app: Flask, client: FlaskClient, shop: Shop) -> None:
    learner, course = shop.person(), shop.course(Money(0, "usd"), title="Hello")
    ok(client.post(f"/api/v1/courses/{course}/purchase", headers=bearer(app, learner)), 201)
    (entry,) = audited("course.enrolled")
    assert (entry.subject_id, entry.after) == (str(course), {"learner_id": str(learner.person_id)})
