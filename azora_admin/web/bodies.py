"""The raw bytes of a request, never more than an address accepts, whether or not the sender told the length."""

from __future__ import annotations

from flask import g, request
from werkzeug.exceptions import RequestEntityTooLarge


def read(*, at_most: int) -> bytes:
    """The body as it came, however often it is read. Raises RequestEntityTooLarge (413) above ``at_most`` bytes."""
    raw: bytes | None = g.get("raw_body")
    if raw is None:
        # A body sent in chunks is cut at the limit without a word: one byte more tells that it was longer.
        request.max_content_length = at_most + 1
        raw = g.raw_body = request.get_data(cache=False)
    if len(raw) > at_most:
        raise RequestEntityTooLarge
    return raw
