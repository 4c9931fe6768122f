"""Every error leaves in one of two forms: problem+json (RFC 9457) to machines, a page to people."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import orjson
import psycopg
from flask import Flask, Response, make_response, render_template, request
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from azora_admin.core.errors import DomainError, FieldError
from azora_admin.web import invalid, request_ids

log = logging.getLogger(__name__)

MACHINE_PREFIXES: Final = ("/api/", "/.well-known/", "/webhooks/", "/healthz", "/readyz")
_CODES: Final = {
    400: "bad_request",
    401: "unauthenticated",
    403: "insufficient_permissions",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "rate_limited",
    500: "internal_error",
    503: "unavailable",
}
_TITLES: Final = {"form_expired": "This form is too old"}
_SENTENCES: Final = {
    400: "The request could not be read.",
    404: "Nothing is here. The address may be mistyped, or what it showed is gone.",
    405: "This address does not take that kind of request.",
    413: "The request is larger than this address accepts.",
    415: "Send JSON, with the content type application/json.",
    429: "Too many requests: wait a moment, then go on.",
    500: "Something went wrong here. It is noted under the request id, and nothing was half done.",
    503: "The database can't be reached just now. Nothing is lost: try again in a moment.",
}


def install(app: Flask) -> None:
    """Answer every error of ``app``; none leaves as a trace."""
    app.register_error_handler(DomainError, refusal)
    app.register_error_handler(ValidationError, _validation)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(PoolTimeout, _unreachable)
    app.register_error_handler(psycopg.OperationalError, _unreachable)
    app.register_error_handler(Exception, _unexpected)


def refusal(error: DomainError, *, again: str | None = None) -> Response:
    """The answer to a request that the domain refuses; ``again`` is the page to try anew from."""
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request %s: %s: %s", request_ids.current(), error.code, error)
    response = answer(error.status, code=error.code, detail=error.detail, errors=error.errors, again=again)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _validation(error: ValidationError) -> Response:
    fields = invalid.field_errors(error)
    detail = fields[0].message if len(fields) == 1 else f"{len(fields)} fields need another look."
    return answer(422, code="invalid", detail=detail, errors=fields)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    response = answer(
        status, code=_CODES.get(status, "error"), detail=_SENTENCES.get(status, error.description or "")
    )
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after", "location"):
            response.headers[name] = value
    return response


def _database(error: OperationalError) -> Response:
    return _unreachable(error.orig)


def _unreachable(error: BaseException | None) -> Response:
    log.error("request %s: the database is out of reach: %s", request_ids.current(), error)
    response = answer(503, code="unavailable", detail=_SENTENCES[503])
    response.headers["Retry-After"] = "2"
    return response


def _unexpected(error: Exception) -> Response:
    log.error("request %s failed", request_ids.current(), exc_info=error)
    return answer(500, code="internal_error", detail=_SENTENCES[500])


def is_for_machines() -> bool:
    """Whether the address is one that programs ask, and not people."""
    return request.path.startswith(MACHINE_PREFIXES)


def answer(
    status: int, *, code: str, detail: str, errors: Sequence[FieldError] = (), again: str | None = None
) -> Response:
    """The error in the form that fits who asked."""
    title = _TITLES.get(code) or HTTPStatus(status).phrase
    if is_for_machines():
        return problem(status, code=code, title=title, detail=detail, errors=errors)
    page = render_template(
        "errors/page.html",
        status=status,
        title=title,
        detail=detail,
        again=again,
        request_id=request_ids.current(),
    )
    return make_response(page, status)


def problem(
    status: int, *, code: str, title: str, detail: str, errors: Sequence[FieldError] = ()
) -> Response:
    """A problem+json answer. Its ``type`` is a name, not an address to fetch."""
    body: dict[str, Any] = {
        "type": f"urn:azora:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_ids.current(),
    }
    if errors:
        body["errors"] = [{"field": one.field, "code": one.code, "message": one.message} for one in errors]
    response = Response(orjson.dumps(body), status, mimetype="application/problem+json")
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"  # RFC 9110, 15.5.2: a 401 says what would help
    return response
