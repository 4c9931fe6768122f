"""``expand[]``: ids inside an answer become the objects they name, up to four levels deep."""

from __future__ import annotations

from typing import Any

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.errors import refused_parameter
from azora_admin.sandbox.stripe.json_types import Json

DEEPEST = 4


def expand(book: Book, body: Json, paths: list[str]) -> None:
    """Expands ``body`` in place. Raises ApiError 400 where a property can't be expanded."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > DEEPEST:
            raise refused_parameter(
                f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", "expand"
            )
        _walk(book, body, parts, path)


def _walk(book: Book, node: Any, parts: list[str], path: str) -> None:
    if not parts or not isinstance(node, dict):
        return
    if node.get("object") == "list" and parts[0] == "data":
        for item in node["data"]:
            _walk(book, item, parts[1:], path)
        return
    kind = book.registry.kinds.get(str(node.get("object")))
    for name in sorted(kind.expandable if kind else ()):
        steps = name.split(".")
        if parts[: len(steps)] == steps:
            holder = _holder(node, steps[:-1])
            if holder is not None:
                holder[steps[-1]] = _named(book, holder.get(steps[-1]))
                _walk(book, holder[steps[-1]], parts[len(steps) :], path)
            return
    raise refused_parameter(f"This property cannot be expanded ({path}).", "expand")


def _holder(node: Json, steps: list[str]) -> Json | None:
    for step in steps:
        inner = node.get(step)
        if not isinstance(inner, dict):
            return None
        node = inner
    return node


def _named(book: Book, value: Any) -> Any:
    """The object that ``value`` is the id of; a deleted one as its tombstone; anything else as it is."""
    if not isinstance(value, str):
        return value
    found = book.store.find_object(book.account, value)
    if found is None:
        return value
    kind, gone, body = found
    return {"id": value, "object": kind, "deleted": True} if gone else book.present(body)
