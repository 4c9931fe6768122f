"""CORS: whose scripts in a browser may call the API. Those of the origins in the settings, by name; pages have none.

No cookie counts at the API, so none is ever allowed along (no ``Access-Control-Allow-Credentials``): a script of
another origin has the tokens that it was given and nothing else.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, current_app, request

from azora_admin.core.config import Settings

PREFIX: Final = "/api/"
REQUEST_HEADERS: Final = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Request-Id")
RESPONSE_HEADERS: Final = (
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-Id",
)
# What Chromium keeps a preflight's answer for at most; Firefox would take a day.
_KEPT_SECONDS: Final = 7200
_PREFLIGHT: Final = {
    "Access-Control-Allow-Headers": ", ".join(REQUEST_HEADERS),
    "Access-Control-Max-Age": str(_KEPT_SECONDS),
}


def install(app: Flask, settings: Settings) -> None:
    """Answer OPTIONS of the API before any guard asks for a token, and let the scripts of ``settings`` read answers."""
    origins = frozenset(settings.cors_origins)

    @app.before_request
    def tell_options() -> Response | None:
        is_asked = request.method == "OPTIONS" and request.path.startswith(PREFIX)
        return _options() if is_asked and request.routing_exception is None else None

    if origins:
        app.after_request(lambda response: _allow(response, origins))


def _options() -> Response:
    """Which methods the address takes. The browser asks for it before the call, without the caller's token."""
    allowed = current_app.make_default_options_response().headers["Allow"]
    response = Response(status=204, headers={"Allow": allowed})
    del response.headers["Content-Type"]
    return response


def _allow(response: Response, origins: frozenset[str]) -> Response:
    if not request.path.startswith(PREFIX):
        return response
    response.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin not in origins:
        return response
    response.headers["Access-Control-Allow-Origin"] = origin
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        response.headers["Access-Control-Allow-Methods"] = response.headers.get("Allow", "")
        response.headers.extend(_PREFLIGHT)
    else:
        response.headers["Access-Control-Expose-Headers"] = ", ".join(RESPONSE_HEADERS)
    return response
