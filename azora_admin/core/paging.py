"""Keyset pages: a cursor is the sort key and id of a row, signed, so that it can't be made up.

A page reads ``limit + 1`` rows to know whether there is a next one; nothing counts, nothing skips.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar
from uuid import UUID

from azora_admin.core.errors import FieldError, Invalid

T = TypeVar("T")
_SIGNATURE_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list ordered by (``at``, ``id``), a time or a text; ``backwards`` reads the page before it.

    ``id`` is one of ours, or a text where the rows go by somebody else's.
    """

    at: datetime | str
    id: UUID | str
    backwards: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; a cursor is None where the list ends."""

    items: Sequence[T]
    next_cursor: Cursor | None
    previous_cursor: Cursor | None = None


def encode_cursor(cursor: Cursor, *, secret: str, scope: str) -> str:
    """The opaque text of a cursor. ``scope`` names the list: a cursor of another list is refused."""
    at = cursor.at if isinstance(cursor.at, str) else _micros(cursor.at)
    identity = [cursor.id] if isinstance(cursor.id, str) else cursor.id.hex
    body = json.dumps([at, identity, int(cursor.backwards)], separators=(",", ":")).encode()
    return _text_of(_sign(body, secret, scope) + body)


def decode_cursor(text: str, *, secret: str, scope: str) -> Cursor:
    """The cursor in ``text``. Raises Invalid (field ``cursor``) for anything we did not sign for this list."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise _not_ours() from None
    signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    # Base64 passes over foreign letters and spare bits: only the one text that we would write is ours.
    if _text_of(raw) != text or not hmac.compare_digest(signature, _sign(body, secret, scope)):
        raise _not_ours()
    at, identity, backwards = json.loads(body)
    return Cursor(
        at if isinstance(at, str) else _time(at),
        identity[0] if isinstance(identity, list) else UUID(hex=identity),
        bool(backwards),
    )


def page_of(
    rows: Sequence[T],
    *,
    limit: int,
    cursor: Cursor | None,
    key: Callable[[T], tuple[datetime | str, UUID | str]],
) -> Page[T]:
    """Make a page of up to ``limit + 1`` rows read in the cursor's direction.

    ``rows`` come nearest to the cursor first; the page is always in the list's own order.
    """
    more = len(rows) > limit
    items = list(rows[:limit])
    backwards = cursor is not None and cursor.backwards
    if backwards:
        items.reverse()
    if not items:
        return Page([], None, None)
    has_next = backwards or more
    has_previous = more if backwards else cursor is not None
    first, last = key(items[0]), key(items[-1])
    return Page(
        items,
        Cursor(*last) if has_next else None,
        Cursor(*first, backwards=True) if has_previous else None,
    )


def _text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _micros(at: datetime) -> int:
    delta = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _time(micros: int) -> datetime:
    seconds, rest = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)


def _sign(body: bytes, secret: str, scope: str) -> bytes:
    return hmac.digest(secret.encode(), scope.encode() + b"\0" + body, "sha256")[:_SIGNATURE_BYTES]


def _not_ours() -> Invalid:
    return Invalid([FieldError("cursor", "invalid_cursor", "This cursor is not one of this list's.")])
