"""What every address of the API does with what it can't read, doesn't know or can't do."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core import clock
from azora_admin.core.config import Settings
from tests.api.callers import fields, ok, problem
from tests.outages import database_out_of_reach

CREDENTIALS = {"email": "lena@example.com", "password": "x"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"hello",
        b'{"email": "a"',
        b'{"email": "\xff"}',
        b"\xff\xfe\x00",
        b"{'email': 'a'}",
        b'{"email": "a",}',
        b'{"email": "\\ud800"}',
        b"[" * 30_000,
        b'{"a":' * 10_000,
        b"\0",
        b"NaN0",
    ],
)
def test_a_body_that_is_not_json_is_400(client: FlaskClient, raw: bytes) -> None:
    answer = client.post("/api/v1/auth/token", data=raw, content_type="application/json")
    problem(answer, 400, "unreadable")


@pytest.mark.parametrize("raw", [b"[]", b"5", b"null", b'"x"', b"true"])
def test_json_that_is_no_object_is_422(client: FlaskClient, raw: bytes) -> None:
    answer = client.post("/api/v1/auth/token", data=raw, content_type="application/json")
    assert fields(problem(answer, 422, "invalid")) == ["body"]


@pytest.mark.parametrize(
    "kind", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_what_is_not_called_json_is_415(client: FlaskClient, kind: str | None) -> None:
    answer = client.post("/api/v1/auth/token", data=json.dumps(CREDENTIALS), content_type=kind)
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "gzip, gzip"])
def test_a_packed_body_is_415_and_never_unpacked(client: FlaskClient, coding: str) -> None:
    bomb = gzip.compress(b"[" * 10_000_000)
    assert len(bomb) < 64 * 1024
    answer = client.post(
        "/api/v1/auth/token",
        data=bomb,
        content_type="application/json",
        headers={"Content-Encoding": coding},
    )
    problem(answer, 415, "unsupported_media_type")


def test_json_may_name_its_charset(client: FlaskClient) -> None:
    answer = client.post(
        "/api/v1/auth/token", data=json.dumps(CREDENTIALS), content_type="application/json; charset=utf-8"
    )
    problem(answer, 401, "invalid_credentials")


def test_a_body_that_is_too_large_is_413(client: FlaskClient) -> None:
    raw = json.dumps({**CREDENTIALS, "password": "x" * 64 * 1024}).encode()
    problem(
        client.post("/api/v1/auth/token", data=raw, content_type="application/json"), 413, "body_too_large"
    )
    chunked = client.post(
        "/api/v1/auth/token",
        input_stream=io.BytesIO(raw),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": ""},
    )
    problem(chunked, 413, "body_too_large")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nothing",
        "/api/v2/courses",
        "/api/v1/courses/",
        "/api/v1/courses/x/y/z",
        "/api/",
        "/api/v1",
        "/api/v1/%00",
        "/api/v1/%ff",
    ],
)
def test_an_address_that_is_not_there_is_a_problem_too(client: FlaskClient, path: str) -> None:
    problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/v1/courses", "GET"),
        ("GET", "/api/v1/users", "POST"),
        ("PATCH", "/api/v1/payments", "GET"),
        ("PUT", "/api/v1/auth/token", "POST"),
    ],
)
def test_a_method_that_is_not_there_is_405_and_tells_which_are(
    client: FlaskClient, method: str, path: str, allowed: str
) -> None:
    answer = client.open(path, method=method)
    problem(answer, 405, "method_not_allowed")
    assert allowed in answer.headers["Allow"]


def test_a_sane_request_id_is_echoed_and_an_odd_one_replaced(client: FlaskClient) -> None:
    for sent in ("abcdefgh", "A-b_9" * 12, "0" * 64):
        assert client.get("/api/v1/courses", headers={"X-Request-Id": sent}).headers["X-Request-Id"] == sent
    for sent in ("", "short", "x" * 65, "with space", "é" * 9, "<script>x", "a;b=c;d=e"):
        made = client.get("/api/v1/courses", headers={"X-Request-Id": sent}).headers["X-Request-Id"]
        assert made.startswith("req_")
    first, second = (client.get("/api/v1/courses").headers["X-Request-Id"] for _ in range(2))
    assert first != second


def test_a_failure_of_ours_is_500_without_a_trace(app: Flask, client: FlaskClient) -> None:
    class Broken:
        """A clock that stopped."""

        def now(self) -> datetime:
            raise ZeroDivisionError("a secret of the inside")

    with clock.use(Broken()):
        answer = client.post("/webhooks/stripe", data=b"{}")
    assert "secret of the inside" not in answer.text
    problem(answer, 500, "internal_error")
    assert clock.now().tzinfo is UTC


def test_without_the_database_it_is_503_and_when_to_come_back(
    client: FlaskClient, settings: Settings
) -> None:
    with database_out_of_reach(settings):
        answer = client.get("/api/v1/courses")
        ready, alive = client.get("/readyz"), client.get("/healthz")
    problem(answer, 503, "unavailable")
    assert answer.headers["Retry-After"] == "2"
    problem(ready, 503, "unavailable")
    assert ok(alive) == {"status": "ok"}


def test_a_process_with_all_it_needs_is_ready(client: FlaskClient) -> None:
    body = ok(client.get("/readyz"))
    assert (body["status"], body["missing"]) == ("ready", [])
    assert body["schema"]


@pytest.mark.parametrize("path", ["/api/v1/courses", "/healthz", "/api/v1/openapi.json"])
def test_a_parameter_that_nobody_knows_is_named(client: FlaskClient, path: str) -> None:
    refused = problem(client.get(f"{path}?colour=red&size=4"), 422, "invalid")
    assert [(one["field"], one["code"]) for one in refused["errors"]] == [
        ("colour", "unknown_field"),
        ("size", "unknown_field"),
    ]


def test_a_parameter_that_is_there_twice_is_named(client: FlaskClient) -> None:
    refused = problem(client.get("/api/v1/courses?limit=1&limit=2"), 422, "invalid")
    assert [(one["field"], one["code"]) for one in refused["errors"]] == [("limit", "repeated")]


def test_a_field_that_is_there_twice_is_named(client: FlaskClient) -> None:
    raw = b'{"email": "lena@example.com", "password": "one", "password": "other"}'
    answer = client.post("/api/v1/auth/token", data=raw, content_type="application/json")
    refused = problem(answer, 422, "invalid")
    assert [(one["field"], one["code"]) for one in refused["errors"]] == [("password", "repeated")]


@pytest.mark.parametrize(
    "value", ["1" * 4000, "1e999", "-0", "1.5", "NaN", "Infinity", "{}", "[[]]", "null", '"a\\u0000b"']
)
def test_a_value_of_another_kind_is_named(client: FlaskClient, value: str) -> None:
    raw = f'{{"email": "lena@example.com", "password": {value}}}'
    answer = client.post("/api/v1/auth/token", data=raw, content_type="application/json")
    assert fields(problem(answer, 422, "invalid")) == ["password"]
