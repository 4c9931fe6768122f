"""The statement of an account: one line per entry, newest first, each with the balance after it.

The running balance begins with the newest line of the page: the rollup before it plus the legs since. Lines are in
the order of the book (entry numbers), so an entry committed late may appear among lines that were read before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from azora_admin.core.ids import EntryId
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.ledger.rules.accounts import kind_of


@dataclass(frozen=True, slots=True)
class StatementLine:
    """What one entry did to the account. ``amount`` and ``balance`` are in the account's own sense.

    ``available_at`` is the latest of the entry's legs on this account, None when all were available at once.
    """

    entry_id: EntryId
    kind: str
    reference: str
    cause: str
    occurred_at: datetime
    posted_at: datetime
    available_at: datetime | None
    amount: int
    balance: int


def _page_sql(bound: str, order: str) -> TextClause:
    return text(
        f"""
        WITH account AS MATERIALIZED (
          SELECT id, side FROM ledger_account WHERE key = :key AND asset = :asset
        ), line AS MATERIALIZED (
          SELECT l.entry_number, sum(l.amount) AS amount, max(l.available_at) AS available_at FROM ledger_leg l
          WHERE l.account_id = (SELECT id FROM account) {bound}
          GROUP BY l.entry_number ORDER BY l.entry_number {order} LIMIT :rows
        ), top AS MATERIALIZED (
          SELECT coalesce(r.balance, 0) + (
            SELECT coalesce(sum(l.amount), 0) FROM ledger_leg l
            WHERE l.account_id = account.id AND l.entry_number > coalesce(r.number, 0)
              AND l.entry_number <= newest.number) AS balance
          FROM account CROSS JOIN (SELECT max(entry_number) AS number FROM line) newest
          LEFT JOIN LATERAL (
            SELECT u.number, u.balance FROM ledger_rollup u
            WHERE u.account_id = account.id AND u.number <= newest.number ORDER BY u.number DESC LIMIT 1
          ) r ON true
        )
        SELECT e.id, e.kind, e.reference, e.cause, e.occurred_at, e.posted_at, line.available_at,
          account.side * line.amount AS amount,
          account.side * (top.balance - sum(line.amount) OVER (ORDER BY line.entry_number DESC) + line.amount)
            AS balance
        FROM line JOIN ledger_entry e ON e.number = line.entry_number CROSS JOIN account CROSS JOIN top
        ORDER BY line.entry_number {order}
        """  # noqa: S608  both parts are ours
    )


_BOUND: Final = "AND l.entry_number {} (SELECT number FROM ledger_entry WHERE id = :entry_id)"
_NEWEST: Final = _page_sql("", "DESC")
_OLDER: Final = _page_sql(_BOUND.format("<"), "DESC")
_NEWER: Final = _page_sql(_BOUND.format(">"), "ASC")


def statement(
    session: Session, key: str, asset: str, cursor: Cursor | None, limit: int
) -> Page[StatementLine]:
    """A page of the account's statement. Its cursors are made of ``posted_at`` and the entry's id.

    Raises ValueError for a key outside the book; an account that was never posted has an empty statement.
    """
    kind_of(key)
    values: dict[str, str | int | UUID] = {"key": key, "asset": asset, "rows": limit + 1}
    if cursor is None:
        rows = session.execute(_NEWEST, values)
    else:
        rows = session.execute(_NEWER if cursor.backwards else _OLDER, {**values, "entry_id": cursor.id})
    lines = [
        StatementLine(
            entry_id=EntryId(row.id),
            kind=row.kind,
            reference=row.reference,
            cause=row.cause,
            occurred_at=row.occurred_at,
            posted_at=row.posted_at,
            available_at=row.available_at,
            amount=int(row.amount),
            balance=int(row.balance),
        )
        for row in rows
    ]
    return page_of(lines, limit=limit, cursor=cursor, key=lambda line: (line.posted_at, line.entry_id))
