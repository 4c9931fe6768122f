"""A refusal in Stripe's own shape. Raising one undoes whatever the request did so far."""

from __future__ import annotations

from collections.abc import Mapping

from azora_admin.sandbox.stripe.json_types import Json


class ApiError(Exception):
    """Status and error body; ``kept`` says whether an idempotency key remembers it.

    Stripe keeps an answer once the execution of the endpoint began, so what the parameters' check,
    the key's check or a rate limit refuses is not kept.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        kept: bool = True,
        more: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kept = kept
        self.headers = dict(headers or {})
        self.body = {"error": error_body(message, kind=kind, code=code, param=param, more=more)}


def error_body(
    message: str,
    *,
    kind: str,
    code: str | None = None,
    param: str | None = None,
    more: Mapping[str, object] | None = None,
) -> Json:
    """The inside of ``{"error": …}``: keys without a value are left out, as Stripe does."""
    body: Json = {"message": message, "type": kind}
    if code is not None:
        body |= {"code": code, "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"}
    if param is not None:
        body["param"] = param
    return body | dict(more or {})


def missing(kind: str, identifier: str, param: str) -> ApiError:
    """404: there is no such object on this account."""
    return ApiError(404, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def refused_parameter(message: str, param: str | None, code: str | None = None) -> ApiError:
    """400 from the check of the parameters, before anything was executed: no idempotency key keeps it."""
    return ApiError(400, message, code=code, param=param, kept=False)
