"""Each request has an id: the caller's own when it is a sane one, else a new one; answers and log lines tell it."""

from __future__ import annotations

import re
from typing import Final

from flask import Flask, Response, g, request

from azora_admin.core.ids import new_id

_SANE: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


def install(app: Flask) -> None:
    """Give every request of ``app`` an id, and send it back."""

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers["X-Request-Id"] = current()
        return response


def current() -> str:
    """The id of the request being answered."""
    found: str | None = g.get("request_id")
    if found is None:
        sent = request.headers.get("X-Request-Id", "")
        found = g.request_id = sent if _SANE.fullmatch(sent) else f"req_{new_id().hex}"
    return found
