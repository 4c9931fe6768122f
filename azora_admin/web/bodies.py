"""The raw bytes of a request, never more than an address accepts, whether or not the sender told the length."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge


def read(*, at_most: int) -> bytes:
    """The body as it came. Raises RequestEntityTooLarge (413) when it has more than ``at_most`` bytes."""
    # A body sent in chunks is cut at the limit without a word: one byte more tells that it was longer.
    request.max_content_length = at_most + 1
    raw = request.get_data(cache=False)
    if len(raw) > at_most:
        raise RequestEntityTooLarge
    return raw
