"""The raw bytes of a request, never more than an address accepts, whether or not the sender told the length."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from flask import g, request
from werkzeug.exceptions import RequestEntityTooLarge

# A sender who is cut off while still sending may never read why: up to so many bytes are taken off the line first.
LONGEST_TAKEN_OFF: Final = 4 * 1024 * 1024
_PIECE: Final = 64 * 1024


def read(*, at_most: int) -> bytes:
    """The body as it came, however often it is read. Raises RequestEntityTooLarge (413) above ``at_most`` bytes."""
    raw: bytes | None = g.get("raw_body")
    if raw is None:
        if (request.content_length or 0) > at_most:
            _take_off_the_line()
            raise RequestEntityTooLarge
        # A body sent in chunks is cut at the limit without a word: one byte more tells that it was longer.
        request.max_content_length = at_most + 1
        raw = g.raw_body = request.get_data(cache=False)
    if len(raw) > at_most:
        raise RequestEntityTooLarge
    return raw


def _take_off_the_line() -> None:
    """Read the body and keep none of it, unless it is so long that its sender had better be cut off."""
    request.max_content_length = LONGEST_TAKEN_OFF
    with suppress(RequestEntityTooLarge):
        while request.stream.read(_PIECE):
            pass
