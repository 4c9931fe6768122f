"""Posting: one statement a fact, and the same fact twice is the first one again.

Inside the statement (``ledger_post``, migration 0003) the key is looked up before any balance is touched, so a replay
answers with the stored entry even when its account has been emptied since. The driver is used directly: the
statement is prepared once per connection, and there is nothing for an ORM to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import psycopg
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import Conflict
from azora_admin.core.ids import EntryId, new_id
from azora_admin.ledger.rules.entries import Entry, Leg

_INSUFFICIENT: Final = "AZ001"
_MISMATCH: Final = "AZ004"

# Everything goes as text: adapting lists, ids and times one by one took the driver longer than the server needs to
# post (75 of 100 µs). A leg's key and asset hold no character that an array would need quoted: Entry sees to it.
_POST: Final[LiteralString] = """
SELECT ledger_post(%s::text::uuid, %s, %s, %s, %s, %s, %s, %s, %s::text::timestamptz,
  %s::text::text[], %s::text::text[], %s::text::bigint[], %s::text::timestamptz[])
"""
_POST_MANY: Final[LiteralString] = """
SELECT stored_id, agrees FROM ledger_post_many(%s::uuid[], %s::text[], %s::text[], %s::bytea[], %s::text[],
  %s::text[], %s::text[], %s::text[], %s::text[]::timestamptz[],
  %s::text::integer[], %s::text::integer[], %s::text::text[], %s::text::text[], %s::text::bigint[],
  %s::text::timestamptz[])
"""


@dataclass(frozen=True, slots=True)
class Posted:
    """Where the fact stands in the book; ``replayed`` when it stood there already."""

    entry_id: EntryId
    replayed: bool


def post(session: Session, draft: Entry) -> Posted:
    """Write ``draft`` into the book, or find it there.

    Raises Conflict ``entry_mismatch`` when the same (kind, reference) stands there with other legs, Conflict
    ``insufficient_balance`` when an account would fall below its floor. Either way the transaction can't go on.
    Several facts in one transaction are posted with ``post_many``: it locks their accounts in one order.
    """
    entry_id = new_id()
    values = (str(entry_id), *_facts(draft), *_leg_arrays(draft.legs))
    try:
        ((stored_id,),) = db.driver(session).execute(_POST, values)
    except psycopg.DatabaseError as error:
        raise _refusal(error, draft) from error
    return Posted(EntryId(stored_id), replayed=stored_id != entry_id)


def post_many(session: Session, drafts: Sequence[Entry]) -> list[Posted]:
    """Write all ``drafts`` or none, in one statement; the answer is in their order. Raises what ``post`` raises."""
    if not drafts:
        return []
    ids = [new_id() for _ in drafts]
    facts = [list(column) for column in zip(*map(_facts, drafts), strict=True)]
    legs = [leg for draft in drafts for leg in draft.legs]
    places = [place for place, draft in enumerate(drafts, start=1) for _ in draft.legs]
    positions = [position for draft in drafts for position in range(1, len(draft.legs) + 1)]
    values = (ids, *facts, _array(map(str, places)), _array(map(str, positions)), *_leg_arrays(legs))
    try:
        rows = db.driver(session).execute(_POST_MANY, values).fetchall()
    except psycopg.DatabaseError as error:
        raise _refusal(error) from error
    for draft, (stored_id, agrees) in zip(drafts, rows, strict=True):
        if not agrees:
            raise _mismatch(draft, stored_id)
    return [
        Posted(EntryId(stored_id), replayed=stored_id != entry_id)
        for entry_id, (stored_id, _) in zip(ids, rows, strict=True)
    ]


def _facts(draft: Entry) -> tuple[Any, ...]:
    return (
        draft.kind,
        draft.reference,
        draft.legs_hash,
        draft.cause,
        draft.request_id,
        draft.actor,
        draft.rule_version,
        draft.occurred_at.isoformat(),
    )


def _leg_arrays(legs: Sequence[Leg]) -> tuple[str, str, str, str]:
    return (
        _array(leg.key for leg in legs),
        _array(leg.asset for leg in legs),
        _array(str(leg.amount) for leg in legs),
        _array("NULL" if leg.available_at is None else leg.available_at.isoformat() for leg in legs),
    )


def _array(items: Iterable[str]) -> str:
    return "{" + ",".join(items) + "}"


def _refusal(error: psycopg.DatabaseError, draft: Entry | None = None) -> Exception:
    """The refusal that ``error`` stands for; ``error`` itself when it is none of ours."""
    if error.sqlstate == _INSUFFICIENT:
        return Conflict(
            "insufficient_balance", f"The balance of {error.diag.message_detail} does not suffice."
        )
    if error.sqlstate == _MISMATCH and draft is not None:
        return _mismatch(draft, error.diag.message_detail)
    return error


def _mismatch(draft: Entry, stored_id: object) -> Conflict:
    return Conflict(
        "entry_mismatch",
        f"The book already holds {draft.kind} {draft.reference} with other legs ({stored_id}).",
    )
