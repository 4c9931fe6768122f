"""One keyset page of a list ordered by (time, id), the newest first, in either direction."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, tuple_

from azora_admin.core.paging import Cursor


def newest_first(
    statement: Select[*tuple[Any, ...]], at: Any, identity: Any, *, limit: int, cursor: Cursor | None
) -> Select[*tuple[Any, ...]]:
    """``statement`` narrowed to the rows next to ``cursor``, nearest first, one more than ``limit``.

    What it finds goes to ``core.paging.page_of``.
    """
    place = tuple_(at, identity)
    if cursor is not None and cursor.backwards:
        return statement.where(place > (cursor.at, cursor.id)).order_by(at, identity).limit(limit + 1)
    if cursor is not None:
        statement = statement.where(place < (cursor.at, cursor.id))
    return statement.order_by(at.desc(), identity.desc()).limit(limit + 1)
