"""Lists with their state in the address: cursors in and out, and the canonical address of what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import current_app, request, url_for

from azora_admin.core.paging import Cursor, Page, decode_cursor, encode_cursor

PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class PagerLinks:
    """The addresses of the pages around this one; None where there is none."""

    previous: str | None
    next: str | None


def asked_cursor(scope: str) -> Cursor | None:
    """The cursor in the address (``after`` or ``before``). Raises Invalid for one that is not this list's."""
    text = request.args.get("after") or request.args.get("before")
    return decode_cursor(text, secret=_secret(), scope=scope) if text else None


def pager(page: Page[Any], scope: str, endpoint: str, **kept: Any) -> PagerLinks:
    """Links to the pages around ``page``, with the filters ``kept``."""
    previous = _encode(page.previous_cursor, scope)
    following = _encode(page.next_cursor, scope)
    return PagerLinks(
        address(endpoint, **kept, before=previous) if previous else None,
        address(endpoint, **kept, after=following) if following else None,
    )


def address(endpoint: str, **parameters: str | Sequence[str] | None) -> str:
    """The canonical address: no parameter that is empty."""
    kept: dict[str, Any] = {name: value for name, value in parameters.items() if value}
    return url_for(endpoint, **kept)


def _encode(cursor: Cursor | None, scope: str) -> str | None:
    return encode_cursor(cursor, secret=_secret(), scope=scope) if cursor else None


def _secret() -> str:
    return str(current_app.secret_key)
