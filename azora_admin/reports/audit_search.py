"""What a text in the audit log's search may mean, as the values that the log is then read by.

An id, a request, an address or part of an act are meant as they are. A name or a title is meant by its beginning: the
first few values that begin so are taken, and whether there are more is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, literal_column, text, true
from sqlalchemy.orm import Session

from azora_admin.core.paging import Cursor
from azora_admin.identity.tables import AuditEntry
from azora_admin.reports.people_list import first_people
from azora_admin.reports.ways import Place, Way, is_found, newest_of

FOUND: Final = 10
_LAST: Final = "\U0010ffff"
# In the very words of the indexes that have no others.
_NAMELESS: Final = "actor_id IS NULL AND actor_name <> ''"
_LABELLED: Final = "subject_kind <> 'person' AND subject_label <> ''"
_PLACE: Final = Place(AuditEntry.recorded_at, AuditEntry.id)


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


def known_acts(session: Session) -> Sequence[str]:
    """Every act that the log has, in alphabetical order: one probe of the index for each."""
    return session.scalars(_ACTS).all()


def meanings(session: Session, said: str, *, acts: Sequence[str]) -> Meanings:
    """What ``said`` may mean, in two statements. ``acts`` are those that the log has."""
    people = first_people(session, said, most=FOUND + 1)
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
    return newest_of(_ways(meant), _PLACE, within, limit=limit, cursor=cursor)


def is_meant(meant: Meanings) -> ColumnElement[bool]:
    """Whether an entry is meant: for whoever wants all of them."""
    return is_found(_ways(meant))


def _ways(meant: Meanings) -> list[Way]:
    identities = [meant.identity] if meant.identity else []
    written = [meant.as_written]
    ids = [*written, *map(str, identities), *map(str, meant.people)]
    always = true()
    return [
        Way(AuditEntry.id.expression, identities, always),
        Way(AuditEntry.actor_id.expression, [*identities, *meant.people], always),
        Way(AuditEntry.key_id.expression, identities, always),
        Way(AuditEntry.subject_id.expression, ids, always),
        Way(AuditEntry.act.expression, meant.acts, always),
        Way(AuditEntry.request_id.expression, written, _says("request_id <> ''")),
        Way(AuditEntry.address.expression, written, _says("address <> ''")),
        Way(_lower("actor_name"), meant.names, _says(_NAMELESS)),
        Way(_lower("subject_label"), meant.labels, _says(_LABELLED)),
    ]


def _says(condition: str) -> ColumnElement[bool]:
    """A condition in the very words of an index, so that the planner knows it again."""
    return literal_column(f"({condition})")


def _lower(column: str) -> ColumnElement[str]:
    return literal_column(f'lower({column}) COLLATE "C"')


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
