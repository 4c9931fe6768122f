"""Callers of the API, and what an answer of it has to look like."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from azora_admin.api.access_tokens import AccessTokens
from azora_admin.api.bearer import EXTENSION
from azora_admin.identity.rules import SignedIn


def bearer(app: Flask, person: SignedIn) -> dict[str, str]:
    """The header of a call that ``person`` makes."""
    tokens: AccessTokens = app.extensions[EXTENSION]
    return {"Authorization": f"Bearer {tokens.issue(person)}"}


def ok(answer: TestResponse, status: int = 200) -> Any:
    """The JSON of a good answer."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/json"
    return answer.json


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """The problem of a refused call: RFC 9457, with our code and the request's id, and no trace of our insides."""
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json(force=True)
    assert set(body) - {"errors"} == {"type", "title", "status", "code", "detail", "request_id"}
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:azora:problem:{code}")
    assert body["request_id"] == answer.headers["X-Request-Id"]
    assert ("WWW-Authenticate" in answer.headers) is (status == 401)
    assert body["title"]
    assert body["detail"].endswith((".", "…"))
    for inside in ("Traceback", "sqlalchemy", "psycopg", "azora_admin", ".py"):
        assert inside not in answer.text
    return dict(body)


def fields(body: dict[str, Any]) -> list[str]:
    """The fields that a problem names."""
    return [one["field"] for one in body["errors"]]


def time_of(text: str) -> datetime:
    """An RFC 3339 time in UTC, written with Z."""
    assert text.endswith("Z")
    return datetime.fromisoformat(text).astimezone(UTC)
