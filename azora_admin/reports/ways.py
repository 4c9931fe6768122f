"""Finding rows of a list in several ways at once: each way reads an index of its own, and no more than a page of it.

An OR over several columns makes PostgreSQL read either all that any of them finds, or the whole list until a page is
full. A union of short scans reads neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from azora_admin.core.paging import Cursor
from azora_admin.reports.keyset import newest_first


@dataclass(frozen=True, slots=True)
class Way:
    """Rows whose ``column`` has one of ``values``, or all for which ``condition`` holds where no column is named.

    ``condition`` also says, in its very words, what an index says of the rows that it has.
    """

    column: ColumnElement[Any] | None
    values: Sequence[Any]
    condition: ColumnElement[bool]

    @property
    def leads_anywhere(self) -> bool:
        """Whether anything is looked for at all."""
        return self.column is None or bool(self.values)

    @property
    def sought(self) -> ColumnElement[Any]:
        """The values as one parameter."""
        return bindparam(None, list(self.values), type_=ARRAY(_kind_of(self.values)), unique=True)

    @property
    def finds(self) -> ColumnElement[bool]:
        """Whether a row is found in this way."""
        return (
            self.condition if self.column is None else and_(self.column == any_(self.sought), self.condition)
        )


@dataclass(frozen=True, slots=True)
class Place:
    """The columns by which a list is ordered: a time, and an id."""

    at: Any
    id: Any


def in_range(condition: ColumnElement[bool]) -> Way:
    """Rows for which ``condition`` holds: a range of an index, say."""
    return Way(None, (), condition)


def newest_of(
    ways: Sequence[Way],
    place: Place,
    within: Sequence[ColumnElement[bool]],
    *,
    limit: int,
    cursor: Cursor | None,
) -> Select[*tuple[Any, ...]]:
    """``id`` and ``at`` of rows next to ``cursor`` that are found in any way: for each value at most a page of them.

    Each row once, unordered; among them are the nearest ``limit`` + 1.
    """
    scans = [_scan(way, place, within, limit=limit, cursor=cursor) for way in ways if way.leads_anywhere]
    nothing = select(place.id.label("id"), place.at.label("at")).where(false())
    found = union(*scans, nothing).subquery()
    return select(found.c.id, found.c.at)


def some_of(
    ways: Sequence[Way], columns: Sequence[Any], within: Sequence[ColumnElement[bool]], *, limit: int
) -> Select[*tuple[Any, ...]]:
    """``columns`` of rows that are found in any way, unordered, a row once for each way.

    All of them; or, where ``limit`` rows are found, at least so many different ones.
    """
    each = [select(*columns).where(way.finds, *within).limit(limit) for way in ways if way.leads_anywhere]
    nothing = select(*columns).where(false())
    found = union_all(*(select(*one.subquery().c) for one in each), nothing).limit(limit * max(1, len(each)))
    return select(*found.subquery().c)


def is_found(ways: Sequence[Way]) -> ColumnElement[bool]:
    """Whether a row is found in any way: for whoever wants all of them."""
    return or_(false(), *(way.finds for way in ways if way.leads_anywhere))


def _scan(
    way: Way, place: Place, within: Sequence[ColumnElement[bool]], *, limit: int, cursor: Cursor | None
) -> Select[*tuple[Any, ...]]:
    """For each value one scan of its index, which ends after a page."""
    rows = select(place.id.label("id"), place.at.label("at")).where(way.condition, *within)
    if way.column is None:
        hits = newest_first(rows, place.at, place.id, limit=limit, cursor=cursor).subquery()
        return select(hits.c.id, hits.c.at)
    sought = func.unnest(way.sought).table_valued("value").render_derived()
    rows = rows.where(way.column == sought.c.value)
    each = newest_first(rows, place.at, place.id, limit=limit, cursor=cursor).lateral()
    return select(each.c.id, each.c.at).select_from(sought).join(each, true())


def _kind_of(values: Sequence[Any]) -> TypeEngine[Any]:
    if values and isinstance(values[0], UUID):
        return Uuid()
    return BigInteger() if values and isinstance(values[0], int) else Text()
