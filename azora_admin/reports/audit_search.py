"""What a text in the audit log's search may mean, as the values that the log is then read by.

An id, a request, an address or part of an act are meant as they are. A name or a title is meant by its beginning: the
first few values that begin so are taken, and whether there are more is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    true,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from azora_admin.core.paging import Cursor
from azora_admin.identity.tables import AuditEntry, PersonKey
from azora_admin.reports.keyset import newest_first
from azora_admin.reports.people_list import search_form

FOUND: Final = 10
_LAST: Final = "\U0010ffff"
# In the very words of the indexes that have no others.
_NAMELESS: Final = "actor_id IS NULL AND actor_name <> ''"
_LABELLED: Final = "subject_kind <> 'person' AND subject_label <> ''"


def _values(column: str, condition: str) -> str:
    """SQL for the first distinct values of an indexed text that begin with ``:start``: one probe of the index each."""
    value = f'lower({column}) COLLATE "C"'
    begins = f"{value} < :stop AND {condition}"
    return f"""(WITH RECURSIVE step AS (
      (SELECT {value} AS value FROM audit_entry WHERE {value} >= :start AND {begins} ORDER BY 1 LIMIT 1)
      UNION ALL
      SELECT (SELECT {value} FROM audit_entry WHERE {value} > step.value AND {begins} ORDER BY 1 LIMIT 1)
        FROM step WHERE step.value IS NOT NULL)
    SELECT '{column}' AS place, value FROM step WHERE value IS NOT NULL LIMIT :most)"""  # noqa: S608  # our own words


_BEGINNINGS: Final = text(
    _values("actor_name", _NAMELESS) + " UNION ALL " + _values("subject_label", _LABELLED)
)
_ACTS: Final = text(
    """
    WITH RECURSIVE step AS (
      (SELECT act FROM audit_entry ORDER BY act LIMIT 1)
      UNION ALL
      SELECT (SELECT act FROM audit_entry WHERE act > step.act ORDER BY act LIMIT 1) FROM step WHERE act IS NOT NULL)
    SELECT act FROM step WHERE act IS NOT NULL
    """
)


@dataclass(frozen=True, slots=True)
class Meanings:
    """Values of the log's columns, any of which may be meant. ``has_more``: more names or titles begin so."""

    as_written: str
    identity: UUID | None
    acts: Sequence[str]
    people: Sequence[UUID]
    names: Sequence[str]
    labels: Sequence[str]
    has_more: bool


@dataclass(frozen=True, slots=True)
class _Way:
    """One column to look in, the values looked for, and what its index says of the rows that it has."""

    column: ColumnElement[Any]
    values: Sequence[Any]
    condition: ColumnElement[bool]

    @property
    def sought(self) -> ColumnElement[Any]:
        kind: TypeEngine[Any] = Uuid() if self.values and isinstance(self.values[0], UUID) else Text()
        return bindparam(None, list(self.values), type_=ARRAY(kind), unique=True)


def known_acts(session: Session) -> Sequence[str]:
    """Every act that the log has, in alphabetical order: one probe of the index for each."""
    return session.scalars(_ACTS).all()


def meanings(session: Session, said: str, *, acts: Sequence[str]) -> Meanings:
    """What ``said`` may mean, in two statements. ``acts`` are those that the log has."""
    people = _people(session, said)
    names, labels = _beginnings(session, said.lower())
    return Meanings(
        as_written=said,
        identity=_identity(said),
        acts=[act for act in acts if _is_part(said, act)],
        people=people[:FOUND],
        names=names[:FOUND],
        labels=labels[:FOUND],
        has_more=max(len(people), len(names), len(labels)) > FOUND,
    )


def places(
    meant: Meanings, within: Sequence[ColumnElement[bool]], *, limit: int, cursor: Cursor | None
) -> Select[*tuple[Any, ...]]:
    """Ids and times of the entries next to ``cursor`` that are meant: no more than a page of each value."""
    scans = [_scan(way, within, limit=limit, cursor=cursor) for way in _ways(meant)]
    found = union(*scans).subquery()
    return select(found.c.id, found.c.recorded_at)


def is_meant(meant: Meanings) -> ColumnElement[bool]:
    """Whether an entry is meant: for whoever wants all of them."""
    return or_(*((way.column == any_(way.sought)) & way.condition for way in _ways(meant)))


def _scan(
    way: _Way, within: Sequence[ColumnElement[bool]], *, limit: int, cursor: Cursor | None
) -> Select[*tuple[Any, ...]]:
    """For each value one scan of its index, which ends after a page."""
    sought = func.unnest(way.sought).table_valued("value").render_derived()
    entries = select(AuditEntry.id, AuditEntry.recorded_at).where(
        way.column == sought.c.value, way.condition, *within
    )
    hits = newest_first(entries, AuditEntry.recorded_at, AuditEntry.id, limit=limit, cursor=cursor).lateral()
    return select(hits.c.id, hits.c.recorded_at).select_from(sought).join(hits, true())


def _ways(meant: Meanings) -> list[_Way]:
    identities = [meant.identity] if meant.identity else []
    written = [meant.as_written]
    ids = [*written, *map(str, identities), *map(str, meant.people)]
    always = true()
    ways = (
        _Way(AuditEntry.id.expression, identities, always),
        _Way(AuditEntry.actor_id.expression, [*identities, *meant.people], always),
        _Way(AuditEntry.key_id.expression, identities, always),
        _Way(AuditEntry.subject_id.expression, ids, always),
        _Way(AuditEntry.act.expression, meant.acts, always),
        _Way(AuditEntry.request_id.expression, written, _says("request_id <> ''")),
        _Way(AuditEntry.address.expression, written, _says("address <> ''")),
        _Way(_lower("actor_name"), meant.names, _says(_NAMELESS)),
        _Way(_lower("subject_label"), meant.labels, _says(_LABELLED)),
    )
    return [way for way in ways if way.values]


def _says(condition: str) -> ColumnElement[bool]:
    """A condition in the very words of an index, so that the planner knows it again."""
    return literal_column(f"({condition})")


def _lower(column: str) -> ColumnElement[str]:
    return literal_column(f'lower({column}) COLLATE "C"')


def _people(session: Session, said: str) -> Sequence[UUID]:
    start = search_form(said)
    keys = PersonKey.key
    first = (
        select(keys, PersonKey.person_id)
        .where(PersonKey.role == "", keys >= start, keys < start + _LAST)
        .order_by(keys, PersonKey.person_id)
        # A person has several keys, of which a few begin alike.
        .limit(4 * FOUND + 1)
        .subquery()
    )
    found = dict.fromkeys(session.scalars(select(first.c.person_id).order_by(first.c.key, first.c.person_id)))
    return list(found)[: FOUND + 1]


def _beginnings(session: Session, start: str) -> tuple[list[str], list[str]]:
    bounds = {"start": start, "stop": start + _LAST, "most": FOUND + 1}
    names: list[str] = []
    labels: list[str] = []
    for place, value in session.execute(_BEGINNINGS, bounds):
        (names if place == "actor_name" else labels).append(value)
    return names, labels


def _identity(said: str) -> UUID | None:
    try:
        return UUID(said)
    except ValueError:
        return None


def _is_part(said: str, act: str) -> bool:
    """``roles changed``, ``roles_changed`` and ``person.roles`` are parts of ``person.roles_changed``."""
    part = _spaced(said.lower()).strip()
    return bool(part) and part in _spaced(act)


def _spaced(words: str) -> str:
    return words.replace("_", " ").replace(".", " ")
