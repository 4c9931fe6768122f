"""The shelf, buying, and what a payer sees of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import CourseId, new_id
from azora_admin.core.money import Money
from azora_admin.flows.checkout import Purchase
from azora_admin.gateways.stripe.client import API_VERSION
from tests.api.callers import bearer, fields, ok, problem, time_of
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")

NO_ID = ["x", "42", "00000000-0000-0000-0000-000000000000", "%00", "'", "é", "0" * 300, "١" * 32]


def buy(client: FlaskClient, course_id: CourseId, headers: dict[str, str]) -> Any:
    return client.post(f"/api/v1/courses/{course_id}/purchase", headers=headers)


def walk(client: FlaskClient, path: str, headers: dict[str, str] | None = None) -> list[str]:
    """The ids of a whole list, page by page."""
    ids: list[str] = []
    cursor = ""
    while True:
        body = ok(client.get(f"{path}&cursor={cursor}" if cursor else path, headers=headers or {}))
        ids.extend(item["id"] for item in body["items"])
        cursor = body["next_cursor"]
        if cursor is None:
            return ids


def test_a_sale_as_an_app_sees_it(
    app: Flask, client: FlaskClient, shop: Shop, test_clock: FixedClock
) -> None:
    learner, course = shop.person(), shop.course(title="Watercolour for beginners")
    headers = bearer(app, learner)
    access = f"/api/v1/me/access?course_id={course}"
    assert ok(client.get(access, headers=headers)) == {"allowed": False, "reasons": []}
    answer = buy(client, course, headers)
    bought = ok(answer, 201)
    assert answer.headers["Location"] == f"/api/v1/payments/{bought['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert (bought["status"], bought["amount"], bought["currency"]) == ("pending", 4900, "usd")
    assert (bought["course_id"], bought["description"]) == (str(course), "Watercolour for beginners")
    assert (bought["failure"], bought["settled_at"]) == (None, None)
    assert bought["client_secret"].startswith(bought["stripe_payment_intent_id"])
    assert time_of(bought["created_at"]) == test_clock.now()
    purchase = shop.order(learner, course)
    assert purchase.client_secret == bought["client_secret"]
    assert shop.confirm(purchase) == "succeeded"
    shop.tell_fees()
    shop.hear()
    seen = ok(client.get(answer.headers["Location"], headers=headers))
    assert seen == {
        **{name: value for name, value in bought.items() if name != "client_secret"},
        "status": "completed",
        "settled_at": seen["settled_at"],
        "refunds": [],
    }
    allowed = ok(client.get(access, headers=headers))
    assert allowed["allowed"] is True
    assert [(one["reason"], one["payment_id"]) for one in allowed["reasons"]] == [("purchase", bought["id"])]
    problem(buy(client, course, headers), 409, "already_purchased")


def test_an_instructor_sees_the_share_pending_until_the_refund_window_ends(
    app: Flask, client: FlaskClient, shop: Shop, test_clock: FixedClock
) -> None:
    teacher = shop.person("instructor")
    course = shop.course(shares={f"instructor:{teacher.person_id}": 7000})
    shop.hold_time()
    for _ in range(2):
        shop.sell(shop.person(), course)
    figures = {"currency": "usd", "earned": 6860, "pending": 6860, "available": 0, "sales": 2}
    assert earnings(app, client, teacher) == [figures]
    test_clock.advance(timedelta(days=14, seconds=-1))
    assert earnings(app, client, teacher) == [figures]
    test_clock.advance(timedelta(seconds=1))
    assert earnings(app, client, teacher) == [{**figures, "pending": 0, "available": 6860}]


def earnings(app: Flask, client: FlaskClient, teacher: Any) -> Any:
    return ok(client.get("/api/v1/instructor/earnings", headers=bearer(app, teacher)))["items"]


def test_a_free_course_is_an_enrolment(
    app: Flask, client: FlaskClient, shop: Shop, test_clock: FixedClock
) -> None:
    course, headers = shop.course(Money(0, "usd")), bearer(app, shop.person())
    body = ok(buy(client, course, headers), 201)
    assert body["enrollment"]["course_id"] == str(course)
    assert time_of(body["enrollment"]["enrolled_at"]) == test_clock.now()
    problem(buy(client, course, headers), 409, "already_purchased")
    assert ok(client.get(f"/api/v1/me/access?course_id={course}", headers=headers))["allowed"] is True


def test_a_declined_payment_tells_its_payer_why(app: Flask, client: FlaskClient, shop: Shop) -> None:
    learner, course = shop.person(), shop.course()
    shop.confirm(shop.order(learner, course), "pm_card_visa_chargeDeclinedInsufficientFunds")
    shop.hear()
    (seen,) = ok(client.get("/api/v1/payments", headers=bearer(app, learner)))["items"]
    assert seen["status"] == "failed"
    assert seen["failure"] == {"code": "insufficient_funds", "message": "Your card has insufficient funds."}


def test_a_silent_stripe_is_503_and_the_same_call_goes_on(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    course, headers = shop.course(), bearer(app, shop.person())
    shop.fail_next("/v1/customers", "reset_before", times=3)
    problem(buy(client, course, headers), 503, "payment_outcome_unknown")
    ok(buy(client, course, headers), 201)
    assert len(shop.payments()) == 1


@pytest.mark.parametrize("course_id", NO_ID)
def test_a_course_that_is_not_there_is_404(
    app: Flask, client: FlaskClient, shop: Shop, course_id: str
) -> None:
    headers = bearer(app, shop.person())
    for answer in (
        client.get(f"/api/v1/courses/{course_id}"),
        client.post(f"/api/v1/courses/{course_id}/purchase", headers=headers),
    ):
        problem(answer, 404, answer.get_json(force=True)["code"])
    assert shop.payments() == []


@pytest.mark.parametrize("payment_id", NO_ID)
def test_a_payment_that_is_not_there_is_404(
    app: Flask, client: FlaskClient, shop: Shop, payment_id: str
) -> None:
    answer = client.get(f"/api/v1/payments/{payment_id}", headers=bearer(app, shop.person()))
    problem(answer, 404, answer.get_json(force=True)["code"])


def test_other_peoples_payments_are_not_there(app: Flask, client: FlaskClient, shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    for other in (shop.person(), shop.person("instructor")):
        headers = bearer(app, other)
        problem(
            client.get(f"/api/v1/payments/{bought.payment.id}", headers=headers), 404, "payment_not_found"
        )
        assert ok(client.get("/api/v1/payments", headers=headers))["items"] == []


def test_staff_get_any_payment_and_list_their_own_alone(app: Flask, client: FlaskClient, shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    headers = bearer(app, shop.person("admin"))
    path = f"/api/v1/payments/{bought.payment.id}"
    assert ok(client.get(path, headers=headers))["id"] == str(bought.payment.id)
    assert ok(client.get("/api/v1/payments", headers=headers))["items"] == []


def test_a_purchase_takes_no_fields(app: Flask, client: FlaskClient, shop: Shop) -> None:
    course, headers = shop.course(), bearer(app, shop.person())
    path = f"/api/v1/courses/{course}/purchase"
    refused = problem(client.post(path, json={"amount": 1}, headers=headers), 422, "invalid")
    assert fields(refused) == ["amount"]
    problem(client.post(path, data=b"amount=1", headers=headers), 415, "unsupported_media_type")
    assert shop.payments() == []
    ok(client.post(path, json={}, headers=headers), 201)


def test_access_wants_to_know_which_course(app: Flask, client: FlaskClient, shop: Shop) -> None:
    headers = bearer(app, shop.person())
    for query in ("", "?course_id=", "?course_id=x", "?course_id=%00", "?course_id={id}&course_id={id}"):
        asked = f"/api/v1/me/access{query.format(id=new_id())}"
        assert fields(problem(client.get(asked, headers=headers), 422, "invalid")) == ["course_id"]
    answer = ok(client.get(f"/api/v1/me/access?course_id={new_id()}", headers=headers))
    assert answer == {"allowed": False, "reasons": []}


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1.5", "1e1", "٣", "9" * 400, "+5", " 5"])
@pytest.mark.parametrize("path", ["/api/v1/courses", "/api/v1/payments"])
def test_a_limit_is_from_1_to_100(app: Flask, client: FlaskClient, shop: Shop, path: str, limit: str) -> None:
    answer = client.get(path, query_string={"limit": limit}, headers=bearer(app, shop.person()))
    assert fields(problem(answer, 422, "invalid")) == ["limit"]


@pytest.mark.parametrize("cursor", ["x", "é", "\0", "A" * 5000, "AAAAAAAAAAAAAAAAAAAA", "'"])
@pytest.mark.parametrize("path", ["/api/v1/courses", "/api/v1/payments"])
def test_a_cursor_that_is_not_ours_is_named(
    app: Flask, client: FlaskClient, shop: Shop, path: str, cursor: str
) -> None:
    answer = client.get(path, query_string={"cursor": cursor}, headers=bearer(app, shop.person()))
    assert fields(problem(answer, 422, "invalid")) == ["cursor"]


def test_a_cursor_of_another_list_is_refused(app: Flask, client: FlaskClient, shop: Shop) -> None:
    for _ in range(2):
        shop.course()
    cursor = ok(client.get("/api/v1/courses?limit=1"))["next_cursor"]
    ok(client.get(f"/api/v1/courses?cursor={cursor}"))
    answer = client.get(f"/api/v1/payments?cursor={cursor}", headers=bearer(app, shop.person()))
    problem(answer, 404, "cursor_not_found")
    problem(client.get(f"/api/v1/courses?cursor={cursor[:-1]}_"), 404, "cursor_not_found")


def test_the_shelf_holds_what_is_published_newest_first(
    client: FlaskClient, shop: Shop, test_clock: FixedClock
) -> None:
    first = shop.course(title="The first")
    test_clock.advance(timedelta(seconds=1))
    second = shop.course(Money(1200, "eur"), title="The second")
    body = ok(client.get("/api/v1/courses"))
    assert [item["id"] for item in body["items"]] == [str(second), str(first)]
    assert body["next_cursor"] is None
    assert body["items"][0]["price"] == {"amount": 1200, "currency": "eur"}
    assert time_of(body["items"][0]["published_at"]) == test_clock.now()
    assert ok(client.get(f"/api/v1/courses/{second}")) == body["items"][0]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_pages_walk_the_shelf_exactly_once(
    client: FlaskClient, shop: Shop, test_clock: FixedClock, limit: int
) -> None:
    ids = []
    for number in range(7):
        ids.append(str(shop.course()))
        if number % 3 == 2:  # some share their time, so that the id has to tell them apart
            test_clock.advance(timedelta(microseconds=1))
    assert sorted(walk(client, f"/api/v1/courses?limit={limit}")) == sorted(ids)


def test_what_is_added_during_a_walk_disturbs_nobody(
    client: FlaskClient, shop: Shop, test_clock: FixedClock
) -> None:
    before = []
    for _ in range(6):
        before.append(str(shop.course()))
        test_clock.advance(timedelta(seconds=1))
    walked: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        body = ok(client.get("/api/v1/courses", query_string={"limit": 2, "cursor": cursor}))
        walked.extend(item["id"] for item in body["items"])
        cursor = body["next_cursor"]
        shop.course()
        test_clock.advance(timedelta(seconds=1))
    assert walked == before[::-1]


def test_a_payer_lists_payments_by_status(
    app: Flask, client: FlaskClient, shop: Shop, test_clock: FixedClock
) -> None:
    learner = shop.person()
    headers = bearer(app, learner)
    made: list[Purchase] = []
    for _ in range(4):
        made.append(shop.order(learner, shop.course()))
        test_clock.advance(timedelta(seconds=1))
    shop.confirm(made[0])
    shop.confirm(made[1], "pm_card_visa_chargeDeclined")
    shop.hear()
    ids = [str(one.payment.id) for one in made]
    assert walk(client, "/api/v1/payments?limit=1", headers) == ids[::-1]
    assert walk(client, "/api/v1/payments?limit=1&status=pending", headers) == [ids[3], ids[2]]
    assert walk(client, "/api/v1/payments?limit=1&status=completed", headers) == [ids[0]]
    assert walk(client, "/api/v1/payments?limit=1&status=failed", headers) == [ids[1]]
    assert walk(client, "/api/v1/payments?limit=1&status=cancelled", headers) == []
    for status in ("", "paid", "Pending", "\0", "pending,failed"):
        answer = client.get("/api/v1/payments", query_string={"status": status}, headers=headers)
        assert fields(problem(answer, 422, "invalid")) == ["status"]


def test_the_version_that_we_speak_with_stripe_is_said(shop: Shop) -> None:
    shop.order(shop.person(), shop.course())
    assert {event.api_version for event in shop.events("payment_intent.created")} == {API_VERSION}
