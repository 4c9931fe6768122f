"""Cursor lists as Stripe pages them: newest first, ``starting_after`` or ``ending_before``, ``limit`` 1 to 100."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.errors import refused_parameter
from azora_admin.sandbox.stripe.json_types import Json

_COMPARISONS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def list_objects(
    book: Book,
    kind: str,
    params: Json,
    *,
    url: str,
    where: Sequence[tuple[str, Sequence[Any]]] = (),
) -> Json:
    """One page of ``kind``, filtered by the kind's own fields in ``params`` and by ``where`` (SQL, values)."""
    conditions, values = _conditions(book, kind, params, where)
    limit = _limit(params)
    forward = params.get("ending_before") is None
    for name, comparison in (("starting_after", "<"), ("ending_before", ">")):
        if params.get(name) is not None:
            conditions.append(f"seq {comparison} ?")
            values.append(_place(book, kind, params[name], name))
    found = book.store.rows(
        f"SELECT body FROM object WHERE {' AND '.join(conditions)}"  # noqa: S608 - names come from the code
        f" ORDER BY seq {'DESC' if forward else 'ASC'} LIMIT ?",
        [*values, limit + 1],
    )
    page = [json.loads(row[0]) for row in found[:limit]]
    if not forward:
        page.reverse()
    return as_list([book.present(body) for body in page], url=url, has_more=len(found) > limit)


def as_list(data: list[Json], *, url: str, has_more: bool = False) -> Json:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def _conditions(
    book: Book, kind: str, params: Json, where: Sequence[tuple[str, Sequence[Any]]]
) -> tuple[list[str], list[Any]]:
    conditions = ["account = ?", "kind = ?", "gone = 0"]
    values: list[Any] = [book.account, kind]
    for name in book.registry.kinds[kind].filters:
        if params.get(name) is not None:
            conditions.append(f"json_extract(body, '$.{name}') = ?")
            values.append(params[name])
    created = params.get("created")
    for name, bound in created.items() if isinstance(created, dict) else []:
        conditions.append(f"created {_COMPARISONS[name]} ?")
        values.append(bound)
    if isinstance(created, int):
        conditions.append("created = ?")
        values.append(created)
    for condition, given in where:
        conditions.append(condition)
        values.extend(given)
    return conditions, values


def _limit(params: Json) -> int:
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise refused_parameter("Limit must be between 1 and 100.", "limit", "parameter_invalid_integer")
    return int(limit)


def _place(book: Book, kind: str, identifier: str, param: str) -> int:
    book.get(kind, identifier, param)
    found = book.store.row("SELECT seq FROM object WHERE id = ?", (identifier,))
    return 0 if found is None else int(found[0])
