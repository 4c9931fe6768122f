"""The webhook endpoint: what is not Stripe's stores nothing, what is stored is stored once with its job."""

from __future__ import annotations

import contextvars
import io
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from tests.gateways.stripe.forgeries import Forgery, forgeries
from tests.gateways.stripe.signing import event_body, header
from tests.messaging.events import jobs, stored
from tests.outages import database_out_of_reach

NOON = 1_782_907_200
LARGEST = 512 * 1024
# What a server says of a body that comes in chunks and tells no length.
CHUNKED = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}


@pytest.fixture(autouse=True)
def noon(test_clock: FixedClock) -> None:
    """Every event here is signed at noon."""
    assert test_clock.now().timestamp() == NOON


def deliver(client: FlaskClient, raw: bytes, signed: str | None = None) -> TestResponse:
    """Post ``raw``, rightly signed unless told otherwise. A header goes as the bytes that a server would get."""
    told = (signed or header(raw, at=NOON)).encode().decode("latin-1")
    return client.post("/webhooks/stripe", data=raw, headers={"Stripe-Signature": told})


def is_problem(answer: TestResponse, status: int, code: str) -> bool:
    body = json.loads(answer.data)
    return (
        answer.status_code == status
        and answer.mimetype == "application/problem+json"
        and (body["status"], body["code"]) == (status, code)
        and body["request_id"] == answer.headers["X-Request-Id"]
        and "Traceback" not in answer.text
    )


def test_a_good_event_is_answered_200_and_stored_with_its_job(client: FlaskClient) -> None:
    raw = event_body()
    answer = deliver(client, raw)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    (row,) = stored()
    assert (row.id, row.raw, row.state) == ("evt_1", raw, "received")
    assert [job.event_id for job in jobs()] == ["evt_1"]
    assert "Set-Cookie" not in answer.headers


def test_the_same_event_again_is_answered_200_and_stored_no_second_time(client: FlaskClient) -> None:
    raw = event_body()
    assert [deliver(client, raw).status_code for _ in range(5)] == [200] * 5
    assert len(stored()) == len(jobs()) == 1


def test_thirty_deliveries_of_one_event_at_once_are_one_event_and_one_job(app: Flask) -> None:
    raw = event_body()

    def deliver_one(context: contextvars.Context) -> int:
        return context.run(lambda: deliver(app.test_client(), raw).status_code)

    with ThreadPoolExecutor(30) as threads:
        answers = list(threads.map(deliver_one, [contextvars.copy_context() for _ in range(30)]))
    assert answers == [200] * 30
    assert len(stored()) == len(jobs()) == 1


def test_thirty_events_at_once_are_thirty(app: Flask) -> None:
    def deliver_one(numbered: tuple[int, contextvars.Context]) -> int:
        number, context = numbered
        raw = event_body(id=f"evt_{number:02}")
        return context.run(lambda: deliver(app.test_client(), raw).status_code)

    with ThreadPoolExecutor(30) as threads:
        answers = list(threads.map(deliver_one, [(n, contextvars.copy_context()) for n in range(30)]))
    assert answers == [200] * 30
    assert [row.id for row in stored()] == [f"evt_{number:02}" for number in range(30)]
    assert len(jobs()) == 30


@pytest.mark.parametrize("forgery", forgeries(NOON), ids=lambda forgery: forgery.name)
def test_what_is_not_stripes_is_400_and_stores_nothing(app: Flask, forgery: Forgery) -> None:
    signed = forgery.signature
    headers = {} if signed is None else {"Stripe-Signature": signed.encode().decode("latin-1")}
    answer = app.test_client().post("/webhooks/stripe", data=forgery.raw, headers=headers)
    assert is_problem(answer, 400, "invalid_webhook")
    assert (stored(), jobs()) == ([], [])


def test_a_body_of_the_largest_size_is_taken(client: FlaskClient) -> None:
    padding = LARGEST - len(event_body(padding=""))
    raw = event_body(padding="x" * padding)
    assert len(raw) == LARGEST
    assert deliver(client, raw).status_code == 200


def test_an_oversized_body_is_413_and_stores_nothing(client: FlaskClient) -> None:
    raw = event_body(padding="x" * LARGEST)
    assert is_problem(deliver(client, raw), 413, "body_too_large")
    assert (stored(), jobs()) == ([], [])


@pytest.mark.parametrize(("times", "is_read"), [(2, True), (20, False)])
def test_an_oversized_body_is_taken_off_the_line_so_that_its_sender_hears_of_it_unless_it_is_huge(
    client: FlaskClient, times: int, is_read: bool
) -> None:
    raw = b"x" * LARGEST * times
    stream = io.BytesIO(raw)
    answer = client.post("/webhooks/stripe", input_stream=stream, content_length=len(raw))
    assert is_problem(answer, 413, "body_too_large")
    assert stream.tell() == (len(raw) if is_read else 0)


def test_an_oversized_body_that_does_not_say_its_length_is_413_and_not_read_to_its_end(
    client: FlaskClient,
) -> None:
    raw = event_body(padding="x" * LARGEST * 8)
    stream = io.BytesIO(raw)
    answer = client.post(
        "/webhooks/stripe",
        input_stream=stream,
        headers={"Stripe-Signature": header(raw, at=NOON)},
        environ_overrides=CHUNKED,
    )
    assert is_problem(answer, 413, "body_too_large")
    assert stream.tell() < 2 * LARGEST
    assert (stored(), jobs()) == ([], [])


def test_a_body_that_does_not_say_its_length_is_read_all_the_same(client: FlaskClient) -> None:
    raw = event_body()
    answer = client.post(
        "/webhooks/stripe",
        input_stream=io.BytesIO(raw),
        headers={"Stripe-Signature": header(raw, at=NOON)},
        environ_overrides=CHUNKED,
    )
    assert answer.status_code == 200
    assert len(stored()) == 1


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_a_post_is_taken(client: FlaskClient, method: str) -> None:
    answer = client.open("/webhooks/stripe", method=method)
    assert is_problem(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_an_event_whose_database_is_gone_is_not_acknowledged(client: FlaskClient, settings: Settings) -> None:
    with database_out_of_reach(settings):
        answer = deliver(client, event_body())
    assert is_problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "2"
