"""Lists: ?limit= and ?cursor= in, items and next_cursor out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, current_app, request

from azora_admin.api import answers
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.paging import Cursor, Page, decode_cursor, encode_cursor

T = TypeVar("T")
_LARGEST = 100
_USUAL = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Which page is asked for."""

    limit: int
    cursor: Cursor | None


def place(scope: str) -> Place:
    """The page that the query string asks for. Raises Invalid naming ``limit`` or ``cursor``."""
    text = request.args.get("limit", str(_USUAL))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= _LARGEST):
        raise Invalid([FieldError("limit", "out_of_range", f"Enter a limit from 1 to {_LARGEST}.")])
    cursor_text = request.args.get("cursor")
    cursor = decode_cursor(cursor_text, secret=_secret(), scope=scope) if cursor_text else None
    return Place(int(text), cursor)


def answer(page: Page[T], form: Callable[[T], dict[str, Any]], *, scope: str) -> Response:
    """``page`` as JSON, each item in ``form``."""
    following = encode_cursor(page.next_cursor, secret=_secret(), scope=scope) if page.next_cursor else None
    return answers.json({"items": [form(item) for item in page.items], "next_cursor": following})


def _secret() -> str:
    return str(current_app.secret_key)
