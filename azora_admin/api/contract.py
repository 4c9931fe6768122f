"""The contract: OpenAPI 3.1, made of what the calls themselves declare. Nothing of it is written twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from itertools import groupby
from threading import Lock
from typing import Any, Final

from flask import Flask

from azora_admin.api import shapes
from azora_admin.api.calls import Call, calls_of
from azora_admin.api.description import JSON, TAGS, Answer, Header
from azora_admin.api.problems import Refusal
from azora_admin.api.schemas import Mode, Schema, Schemas, parameters_of
from azora_admin.identity.rules.permissions import permission_for
from azora_admin.web import once

EXTENSION: Final = "azora.contract"
VERSION: Final = "1.0.0"
PROBLEM: Final = "application/problem+json"
_ABOUT: Final = """\
JSON in and out, snake_case. Times are RFC 3339 in UTC, ids are UUIDs, money is `{"amount": 4900, "currency": "usd"}` in
minor units.

A refusal is `application/problem+json` (RFC 9457) with a stable `code`. An address that is not there is 404
`not_found`, a method that it does not take 405 `method_not_allowed` with `Allow`. Unknown fields and unknown parameters
are refused (422), never ignored.

What is read has an `ETag`. Send it back as `If-None-Match`, and the answer is 304, without a body, as long as nothing
has changed.

Every answer tells how often you may call (`RateLimit-Policy`) and how often you still may (`RateLimit`), for each limit
that counted the call. Who calls too often gets 429 `rate_limited` with `Retry-After`.

Every answer has an `X-Request-Id`: yours if you sent one of 8 to 64 letters, digits, `-` and `_`, else a new one.
"""
_BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "`Authorization: Bearer …` with an access token of `POST /api/v1/auth/token`, or with an API key.",
}
REQUEST_ID: Final = "X-Request-Id"
_REQUEST_ID: Final = Header(REQUEST_ID, "Name it when you ask us about this answer.")
_ETAG: Final = Header("ETag", "The state of what was read, for `If-None-Match`.")
_RETRY_AFTER: Final = Header("Retry-After", "After how many seconds to try again.", always=False)
_CHALLENGE: Final = Header("WWW-Authenticate", "`Bearer`: a token or an API key is wanted.")
_REPLAYED: Final = Header(once.REPLAYED, "`true`: the answer that this key got before.", always=False)
_LIMITS: Final = (
    Header("RateLimit-Policy", "For each limit its name, how many calls (`q`) in how many seconds (`w`)."),
    Header("RateLimit", "For each limit how many calls are left (`r`) for how many seconds (`t`)."),
)
_MAKING: Final = Lock()
# What every answer has, or nearly; ``_ABOUT`` tells it.
EVERYWHERE: Final = frozenset({REQUEST_ID, *(one.name for one in _LIMITS)})
_KEY: Final = {
    "name": once.HEADER,
    "in": "header",
    "required": False,
    "description": "A text of your own for this one request, best a new UUID. Sent again with it, the request has no "
    "further effect and gets the same answer.",
    "schema": {"type": "string", "maxLength": once.LONGEST, "pattern": "^[ -~]*$"},
}
_KNOWN: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of what you have: if nothing has changed since, the answer is 304.",
    "schema": {"type": "string"},
}
_KEPT: Final = frozenset({200, 201, 202, 204, 404, 409})
_TAGGED: Final = frozenset({200, 304})
_LATER: Final = frozenset({409, 429, 503})
_NUMBERS: Final = frozenset({"Retry-After"})


def contract_of(app: Flask) -> Schema:
    """The contract of ``app``, made once: nothing in it changes while it runs."""
    with _MAKING:
        known: Schema | None = app.extensions.get(EXTENSION)
        if known is None:
            known = app.extensions[EXTENSION] = document(calls_of(app))
    return known


def document(calls: Sequence[Call]) -> Schema:
    """The whole contract, as JSON can write it."""
    schemas = Schemas(_kinds(calls))
    paths: dict[str, Schema] = {}
    for call in calls:
        paths.setdefault(call.address, {})[call.method.lower()] = _operation(call, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Azora",
            "version": VERSION,
            "summary": "Courses, bought and sold.",
            "description": _ABOUT,
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag.name, "description": tag.about} for tag in TAGS],
        "paths": paths,
        "components": {"schemas": schemas.definitions, "securitySchemes": {"bearer": _BEARER}},
    }


def _kinds(calls: Iterable[Call]) -> Iterator[tuple[Any, Mode]]:
    yield shapes.Problem, "serialization"
    for call in calls:
        yield from ((kind, "validation") for kind in call.operation.path.values())
        yield from ((answer.shape, "serialization") for answer in call.operation.answers if answer.shape)
        if call.body:
            yield call.body, "validation"


def _operation(call: Call, schemas: Schemas) -> Schema:
    operation = call.operation
    written: Schema = {
        "operationId": operation.name,
        "tags": [operation.tag.name],
        "summary": operation.summary,
        "description": _description(call),
        "security": [{"bearer": []}] if call.wants_token else [],
        "parameters": list(_parameters(call, schemas)),
        "responses": _responses(call, schemas),
    }
    if call.body:
        written["requestBody"] = {
            "description": f"JSON, at most {operation.largest_body // 1024} KiB.",
            "required": not call.may_be_empty,
            "content": {JSON: {"schema": schemas.read(call.body)}},
        }
    return written


def _description(call: Call) -> str:
    said = [call.operation.details] if call.operation.details else []
    if call.action:
        roles = ", ".join(sorted(permission_for(call.action).roles))
        said.append(f"Needs the permission `{call.action}`, which these roles have: {roles}.")
    return "\n\n".join(said)


def _parameters(call: Call, schemas: Schemas) -> Iterator[Schema]:
    for name, kind in call.operation.path.items():
        yield {"name": name, "in": "path", "required": True, "schema": schemas.read(kind)}
    for name, schema, needed in parameters_of(call.operation.query):
        about = schema.pop("description", "")
        yield {"name": name, "in": "query", "required": needed, "description": about, "schema": schema}
    if call.is_tagged:
        yield _KNOWN
    if call.is_once:
        yield _KEY


def _responses(call: Call, schemas: Schemas) -> Schema:
    responses: Schema = {}
    for answer in call.operation.answers:
        responses[str(answer.status)] = _answer(answer, call, schemas)
    if call.is_tagged:
        responses["304"] = {"description": "Not changed since you read it.", "headers": _headers(304, call)}
    for status, refusals in groupby(call.refusals, key=lambda one: one.status):
        refused = _refused(status, list(refusals), call, schemas)
        known = responses.setdefault(str(status), refused)
        if known is not refused:
            known["content"] |= refused["content"]
            known["description"] += f"\n\n{refused['description']}"
    return dict(sorted(responses.items()))


def _answer(answer: Answer, call: Call, schemas: Schemas) -> Schema:
    written: Schema = {
        "description": HTTPStatus(answer.status).phrase,
        "headers": _headers(answer.status, call, answer.headers),
    }
    content = {answer.media_type: {"schema": schemas.built(answer.shape)}} if answer.shape else {}
    content |= {kind: {"schema": {"type": "string", "format": "binary"}} for kind in answer.files}
    if content:
        written["content"] = content
    return written


def _refused(status: int, refusals: Sequence[Refusal], call: Call, schemas: Schemas) -> Schema:
    codes = {"properties": {"code": {"enum": [one.code for one in refusals]}}, "required": ["code"]}
    return {
        "description": "\n".join(f"- `{one.code}`: {one.when}" for one in refusals),
        "headers": _headers(status, call),
        "content": {PROBLEM: {"schema": {"allOf": [schemas.built(shapes.Problem), codes]}}},
    }


def _headers(status: int, call: Call, own: Sequence[Header] = ()) -> Schema:
    named = [_REQUEST_ID, *own]
    if call.is_limited:
        named.extend(_LIMITS)
    if status in _LATER:
        named.append(_RETRY_AFTER)
    if call.is_tagged and status in _TAGGED:
        named.append(_ETAG)
    if status == HTTPStatus.UNAUTHORIZED:
        named.append(_CHALLENGE)
    if call.is_once and status in _KEPT:
        named.append(_REPLAYED)
    return {one.name: _header(one) for one in named}


def _header(one: Header) -> Schema:
    kind = "integer" if one.name in _NUMBERS else "string"
    return {"description": one.about, "required": one.always, "schema": {"type": kind}}
