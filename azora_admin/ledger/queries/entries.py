"""Entries as they stand in the book, with their legs: what explains a number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from azora_admin.core.ids import EntryId

_COLUMNS: Final = """
    SELECT e.id, e.number, e.kind, e.reference, e.cause, e.request_id, e.actor, e.rule_version, e.occurred_at,
      e.posted_at, a.key, a.kind AS account_kind, l.asset, l.amount, l.available_at
    FROM ledger_entry e JOIN ledger_leg l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id
"""
_BY_ID: Final = text(f"{_COLUMNS} WHERE e.id = :entry_id ORDER BY l.position")
_BY_REFERENCE: Final = text(f"{_COLUMNS} WHERE e.reference = ANY(:references) ORDER BY e.number, l.position")
_OF_KIND: Final = text(
    f"{_COLUMNS} WHERE e.reference = ANY(:references) AND e.kind = :kind ORDER BY e.number, l.position"
)
# In the very words of the index: a cause may name more behind a space.
_BY_EVENT: Final = text(
    f"{_COLUMNS} WHERE split_part(e.cause, ' ', 1) = :cause AND e.cause LIKE 'stripe:%' ORDER BY e.number, l.position"
)


@dataclass(frozen=True, slots=True)
class BookedLeg:
    """One line of an entry; ``amount`` is credit-positive, in minor units or tokens."""

    key: str
    account_kind: str
    asset: str
    amount: int
    available_at: datetime | None

    @property
    def debit(self) -> int:
        return max(-self.amount, 0)

    @property
    def credit(self) -> int:
        return max(self.amount, 0)


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """A fact of the book, whole: what happened, why, by which rule, and what it moved."""

    id: EntryId
    number: int
    kind: str
    reference: str
    cause: str
    request_id: str | None
    actor: str | None
    rule_version: str
    occurred_at: datetime
    posted_at: datetime
    legs: tuple[BookedLeg, ...]


def find_entry(session: Session, entry_id: EntryId) -> BookedEntry | None:
    """The entry with this id, or None."""
    found = _entries(session.execute(_BY_ID, {"entry_id": entry_id}))
    return found[0] if found else None


def entries_for_reference(session: Session, references: Sequence[str]) -> list[BookedEntry]:
    """All entries of any kind with one of ``references``, in the order of the book."""
    return _entries(session.execute(_BY_REFERENCE, {"references": list(references)}))


def entries_of_kind(session: Session, kind: str, references: Sequence[str]) -> list[BookedEntry]:
    """The entries of one kind with one of ``references``, in the order of the book."""
    return _entries(session.execute(_OF_KIND, {"references": list(references), "kind": kind}))


def entries_of_event(session: Session, event_id: str) -> list[BookedEntry]:
    """All entries that Stripe's event caused, in the order of the book."""
    return _entries(session.execute(_BY_EVENT, {"cause": f"stripe:{event_id}"}))


def _entries(rows: Iterable[Row[Any]]) -> list[BookedEntry]:
    return [_entry(list(legs)) for _, legs in groupby(rows, key=lambda row: row.id)]


def _entry(rows: Sequence[Row[Any]]) -> BookedEntry:
    first = rows[0]
    return BookedEntry(
        id=EntryId(first.id),
        number=first.number,
        kind=first.kind,
        reference=first.reference,
        cause=first.cause,
        request_id=first.request_id,
        actor=first.actor,
        rule_version=first.rule_version,
        occurred_at=first.occurred_at,
        posted_at=first.posted_at,
        legs=tuple(
            BookedLeg(row.key, row.account_kind, row.asset, row.amount, row.available_at) for row in rows
        ),
    )
