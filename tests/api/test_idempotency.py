"""Idempotency keys as an app meets them: one effect, and the answer as often as it is asked for."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import CourseId
from azora_admin.messaging import replies
from tests.api.callers import bearer, fields, ok, problem
from tests.eventually import eventually
from tests.selling import Shop

LENA = {"email": "lena@example.com", "name": "Lena", "password": "correct horse 9"}


def key(name: str = "key-1") -> dict[str, str]:
    return {"Idempotency-Key": name}


def sign_up(client: FlaskClient, headers: dict[str, str], **changed: str) -> TestResponse:
    return client.post("/api/v1/users", json={**LENA, **changed}, headers=headers)


def buy(client: FlaskClient, course_id: CourseId, headers: dict[str, str]) -> TestResponse:
    return client.post(f"/api/v1/courses/{course_id}/purchase", headers=headers)


def count(table: str) -> int:
    with db.reading() as session:
        return int(session.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


def test_the_same_request_again_gets_the_same_answer_and_says_so(client: FlaskClient) -> None:
    first, second = sign_up(client, key()), sign_up(client, key())
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert ok(first, 201) == ok(second, 201)
    assert count("person") == 1


def test_a_purchase_is_answered_as_it_was_even_after_it_was_paid(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    learner, course = shop.person(), shop.course()
    headers = bearer(app, learner) | key()
    first = buy(client, course, headers)
    shop.confirm(shop.order(learner, course))
    shop.hear()
    problem(buy(client, course, bearer(app, learner)), 409, "already_purchased")
    again = buy(client, course, headers)
    assert (again.data, again.status_code) == (first.data, 201)
    for name in ("Location", "Cache-Control", "Content-Type"):
        assert again.headers[name] == first.headers[name]


def test_an_answer_is_kept_where_nobody_can_read_it(app: Flask, client: FlaskClient, shop: Shop) -> None:
    secret = ok(buy(client, shop.course(), bearer(app, shop.person()) | key()), 201)["client_secret"]
    with db.reading() as session:
        stored = session.execute(text("SELECT body, headers::text FROM reply")).one()
    assert secret.encode() not in bytes(stored[0])
    assert secret not in stored[1]


def test_a_password_can_not_be_guessed_from_what_is_kept_of_a_sign_up(client: FlaskClient) -> None:
    sent = json.dumps(LENA).encode()
    headers = {"Content-Type": "application/json", **key()}
    ok(client.post("/api/v1/users", data=sent, headers=headers), 201)
    with db.reading() as session:
        kept = bytes(session.scalars(text("SELECT fingerprint FROM reply")).one())
    for path in ("/api/v1/users?", "/api/v1/users"):
        assert kept != hashlib.sha256(f"POST {path}\0".encode() + sent).digest()


def test_another_request_under_the_same_key_is_refused(app: Flask, client: FlaskClient, shop: Shop) -> None:
    ok(sign_up(client, key()), 201)
    problem(sign_up(client, key(), name="Somebody Else"), 422, "idempotency_key_reused")
    headers = bearer(app, shop.person()) | key()
    ok(buy(client, shop.course(), headers), 201)
    problem(buy(client, shop.course(), headers), 422, "idempotency_key_reused")


def test_two_people_may_choose_the_same_key(app: Flask, client: FlaskClient, shop: Shop) -> None:
    course = shop.course()
    answers = [buy(client, course, bearer(app, shop.person()) | key()) for _ in range(2)]
    assert len({ok(answer, 201)["id"] for answer in answers}) == 2


@pytest.mark.parametrize("bad", ["k" * 256, "schlüssel", "a\tb"])
def test_a_key_that_is_none_is_named(client: FlaskClient, bad: str) -> None:
    answer = sign_up(client, {"Idempotency-Key": bad.encode().decode("latin-1")})
    assert fields(problem(answer, 422, "invalid")) == ["Idempotency-Key"]
    assert count("person") == 0


def test_a_final_refusal_is_an_answer_too(app: Flask, client: FlaskClient, shop: Shop) -> None:
    learner, course = shop.person(), shop.course()
    shop.sell(learner, course)
    headers = bearer(app, learner) | key()
    first, again = buy(client, course, headers), buy(client, course, headers)
    assert (first.status_code, again.status_code) == (409, 409)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.data, again.mimetype) == (first.data, "application/problem+json")


def test_what_was_invalid_may_be_mended_under_the_same_key(client: FlaskClient) -> None:
    problem(sign_up(client, key(), password="short"), 422, "invalid")
    ok(sign_up(client, key()), 201)


def test_what_stripe_did_not_answer_may_be_asked_again_at_once(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    learner, course = shop.person(), shop.course()
    headers = bearer(app, learner) | key()
    shop.fail_next("/v1/payment_intents", "500_before", times=2)
    problem(buy(client, course, headers), 503, "payment_outcome_unknown")
    ok(buy(client, course, headers), 201)
    assert count("payment") == 1


def answered(answer: TestResponse) -> tuple[int, bytes] | None:
    """The answer, or None when the app is told to ask again in a moment."""
    if answer.status_code == 409 and answer.get_json()["code"] == "request_in_progress":
        assert int(answer.headers["Retry-After"]) > 0
        return None
    return answer.status_code, answer.data


@pytest.fixture
def many_connections(database: db.Database, shop: Shop) -> Iterator[None]:
    """Enough of them for fifty requests at once."""
    with closing(db.connect(shop.settings.model_copy(update={"database_pool": 50}))):
        yield
    db.use(database)


@pytest.mark.usefixtures("many_connections")
def test_fifty_at_once_have_one_effect_and_get_equal_answers(app: Flask, shop: Shop) -> None:
    headers, course = bearer(app, shop.person()) | key(), shop.course()
    answers: list[tuple[int, bytes]] = []
    begin = threading.Barrier(50)

    def ask() -> None:
        client = app.test_client()
        begin.wait()
        told = eventually(lambda: answered(buy(client, course, headers)), within=60, every=0.1)
        assert told
        answers.append(told)

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 50
    assert {status for status, _ in answers} == {201}
    assert len({body for _, body in answers}) == 1
    assert count("payment") == 1
    assert len(shop.office.v1.payment_intents.list().data) == 1


def test_killed_between_effect_and_answer_the_retry_gets_the_answer(
    app: Flask, client: FlaskClient, shop: Shop
) -> None:
    headers, course = bearer(app, shop.person()) | key(), shop.course()
    child = os.fork()
    if not child:
        _buy_and_die(shop, course, headers)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert count("payment") == 1
    answer = buy(client, course, headers)
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert ok(answer, 201)["status"] == "pending"


def _buy_and_die(shop: Shop, course: CourseId, headers: dict[str, str]) -> None:
    """In a process of its own: the request is worked off whole, and killed before a byte of its answer is out."""
    try:
        db.connect(shop.settings)
        wsgi = create_app(shop.settings).wsgi_app

        def deadly(environ: Any, start_response: Any) -> Any:
            wsgi(environ, start_response)
            os.kill(os.getpid(), signal.SIGKILL)

        path = f"/api/v1/courses/{course}/purchase"
        run_wsgi_app(deadly, EnvironBuilder(path, method="POST", headers=headers.items()).get_environ())
    finally:
        os._exit(1)


def test_a_request_that_died_before_its_effect_is_taken_over_after_the_lease(
    app: Flask, client: FlaskClient, shop: Shop, test_clock: FixedClock
) -> None:
    learner, course = shop.person(), shop.course()
    ok(buy(client, course, bearer(app, learner) | key()), 201)
    _forget_the_answer()
    problem(buy(client, course, bearer(app, learner) | key()), 409, "request_in_progress")
    test_clock.advance(replies.LEASE * 1.1)
    ok(buy(client, course, bearer(app, learner) | key()), 201)
    assert count("payment") == 1


def _forget_the_answer() -> None:
    """As a process leaves its claim that died right after the reservation."""
    with db.transaction() as session:
        session.execute(text("UPDATE reply SET status = NULL, body = NULL, answered_at = NULL"))
