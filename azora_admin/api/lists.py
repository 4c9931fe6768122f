"""Lists: ?limit= and ?cursor= in, items and next_cursor out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, current_app

from azora_admin.api import conditional
from azora_admin.api.parameters import Paging
from azora_admin.core.errors import Invalid, NotFound
from azora_admin.core.paging import Cursor, Page, decode_cursor, encode_cursor

T = TypeVar("T", bound=conditional.Revised)


@dataclass(frozen=True, slots=True)
class Place:
    """Which page is asked for."""

    limit: int
    cursor: Cursor | None


def place(query: Paging, scope: str) -> Place:
    """The page that the query string asks for. Raises NotFound ``cursor_not_found`` for another list's cursor."""
    return Place(query.limit, _cursor(query.cursor, scope) if query.cursor else None)


def answer(page: Page[T], form: Callable[[T], Mapping[str, Any]], *, scope: str) -> Response:
    """``page`` as JSON for its caller alone, each item in ``form``; 304 when they have it."""
    return conditional.answer(lambda: _body(page, form, scope), key=_key(page))


def public_answer(page: Page[T], form: Callable[[T], Mapping[str, Any]], *, scope: str) -> Response:
    """``answer`` of a list that is the same for everybody."""
    return conditional.public_answer(lambda: _body(page, form, scope), key=_key(page))


def _key(page: Page[T]) -> str:
    # The next cursor is made of the last item, whose revision stands here.
    return f"{'more' if page.next_cursor else 'last'} {conditional.revisions(page.items)}"


def _body(page: Page[T], form: Callable[[T], Mapping[str, Any]], scope: str) -> dict[str, Any]:
    following = encode_cursor(page.next_cursor, secret=_secret(), scope=scope) if page.next_cursor else None
    return {"items": [form(item) for item in page.items], "next_cursor": following}


def _cursor(text: str, scope: str) -> Cursor:
    try:
        return decode_cursor(text, secret=_secret(), scope=scope)
    except Invalid:
        # It is written as cursors are: what it leads to is what is not there.
        raise NotFound("cursor_not_found", "This cursor is not one of this list's.") from None


def _secret() -> str:
    return str(current_app.secret_key)
