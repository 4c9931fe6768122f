"""The list of people: newest first; or, when looked for, by what they were found by. A million cost what a thousand do.

Looked for is the beginning of any word of a name or an address, or of an id. Nothing is counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, exists, func, literal_column, select, tuple_
from sqlalchemy.orm import Session, aliased

from azora_admin.core.ids import PersonId
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.identity.tables import Person, PersonKey, PersonSession
from azora_admin.reports.keyset import newest_first

_ID_START: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f-]{0,27}")
# The highest code point: whatever begins with a prefix sorts before the prefix and this.
_LAST: Final = "\U0010ffff"
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What the list is narrowed to; empty means everybody."""

    text: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line. ``found_by`` is the place of a line in a list that was looked for."""

    id: PersonId
    name: str
    email: str
    role_names: Sequence[str]
    created_at: datetime
    last_seen_at: datetime | None
    found_by: str


def list_people(
    session: Session, wanted: PeopleFilter, *, limit: int, cursor: Cursor | None
) -> Page[PersonRow]:
    """The page of ``wanted`` after (or before) ``cursor``, in one statement."""
    text = search_form(wanted.text)
    if text:
        found = _found(text, wanted.role, limit=limit, cursor=cursor)
        key = _place_found
    else:
        everybody = _lines(literal_column("''")).where(*_has_role(wanted.role))
        found = newest_first(everybody, Person.created_at, Person.id, limit=limit, cursor=cursor)
        key = _place_newest
    return page_of([_line(row) for row in session.execute(found).all()], limit=limit, cursor=cursor, key=key)


def search_form(said: str) -> str:
    """``said`` as the database keeps what is searched (its function of the same name): no accents, lower case."""
    plain = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", said)).lower()
    return " ".join(plain.split())[:_LONGEST]


def first_people(session: Session, said: str, *, most: int) -> Sequence[UUID]:
    """Up to ``most`` people of whose name or address a word begins with ``said``, by what they are found by."""
    start = search_form(said)
    if not start:
        return []
    first = (
        select(PersonKey.key, PersonKey.person_id)
        .where(PersonKey.role == "", *_begins_with(PersonKey.key, start))
        .order_by(PersonKey.key, PersonKey.person_id)
        # A person has several keys, of which a few begin alike.
        .limit(4 * most)
        .subquery()
    )
    found = session.scalars(select(first.c.person_id).order_by(first.c.key, first.c.person_id))
    return list(dict.fromkeys(found))[:most]


def _found(text: str, role: str, *, limit: int, cursor: Cursor | None) -> Select[*tuple[Any, ...]]:
    if _ID_START.fullmatch(text):
        return _lines(literal_column("''")).where(_id_begins_with(text), *_has_role(role)).limit(limit + 1)
    own_keys = "" if role == "learner" else role
    found = (
        _lines(PersonKey.key)
        .join(PersonKey, PersonKey.person_id == Person.id)
        .where(
            PersonKey.role == own_keys, *_begins_with(PersonKey.key, text), ~_is_found_before(own_keys, text)
        )
    )
    if role == "learner":
        found = found.where(*_has_role(role))
    place = tuple_(PersonKey.key, PersonKey.person_id)
    if cursor is not None and cursor.backwards:
        return (
            found.where(place < (cursor.at, cursor.id))
            .order_by(PersonKey.key.desc(), PersonKey.person_id.desc())
            .limit(limit + 1)
        )
    if cursor is not None:
        found = found.where(place > (cursor.at, cursor.id))
    return found.order_by(PersonKey.key, PersonKey.person_id).limit(limit + 1)


def _is_found_before(role: str, text: str) -> ColumnElement[bool]:
    """Whether another of the person's words begins so, too, and comes first: each person is shown once."""
    other = aliased(PersonKey)
    return exists().where(
        other.person_id == PersonKey.person_id,
        other.role == role,
        other.key < PersonKey.key,
        *_begins_with(other.key, text),
    )


def _begins_with(key: Any, text: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return key >= text, key < text + _LAST


def _id_begins_with(text: str) -> ColumnElement[bool]:
    digits = text.replace("-", "")[:32]
    return Person.id.between(UUID(hex=digits.ljust(32, "0")), UUID(hex=digits.ljust(32, "f")))


def _has_role(role: str) -> tuple[ColumnElement[bool], ...]:
    """Worded as the index of each role is, with the role as a literal."""
    return (literal_column(f"person.roles @> '{{{role}}}'"),) if role.isalpha() else ()


def _lines(found_by: Any) -> Select[*tuple[Any, ...]]:
    last_seen = (
        select(func.max(PersonSession.last_seen_at))
        .where(PersonSession.person_id == Person.id)
        .correlate(Person)
        .scalar_subquery()
    )
    return select(
        Person.id,
        Person.name,
        Person.email,
        Person.roles,
        Person.created_at,
        last_seen.label("last_seen_at"),
        found_by.label("found_by"),
    )


def _line(row: Row[*tuple[Any, ...]]) -> PersonRow:
    return PersonRow(
        PersonId(row.id), row.name, row.email, row.roles, row.created_at, row.last_seen_at, row.found_by
    )


def _place_newest(line: PersonRow) -> tuple[datetime | str, UUID]:
    return line.created_at, line.id


def _place_found(line: PersonRow) -> tuple[datetime | str, UUID]:
    return line.found_by, line.id
