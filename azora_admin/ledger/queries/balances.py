"""What an account holds, now or at any instant, in the account's own sense.

An account with a balance row answers from it. A hot one, and any account in the past, is its newest rollup plus the
legs since: by the index on (account, entry number), never the whole book. An account that was never posted holds 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from azora_admin.ledger.rules.accounts import kind_of

_ROW: Final = text(
    """
    SELECT b.balance FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
    WHERE a.key = :key AND a.asset = :asset
    """
)
_ROLLUP_AND_TAIL: Final = text(
    """
    SELECT a.side * (coalesce(r.balance, 0) + (
      SELECT coalesce(sum(l.amount), 0) FROM ledger_leg l
      WHERE l.account_id = a.id AND l.entry_number > coalesce(r.number, 0)))
    FROM ledger_account a
    LEFT JOIN LATERAL (
      SELECT u.number, u.balance FROM ledger_rollup u WHERE u.account_id = a.id ORDER BY u.number DESC LIMIT 1
    ) r ON true
    WHERE a.key = :key AND a.asset = :asset
    """
)
# Entries after the first snapshot taken later than the moment were posted later than the moment, too.
_AS_OF: Final = text(
    """
    SELECT a.side * (coalesce(r.balance, 0) + (
      SELECT coalesce(sum(l.amount), 0) FROM ledger_leg l JOIN ledger_entry e ON e.number = l.entry_number
      WHERE l.account_id = a.id AND l.entry_number > coalesce(r.number, 0)
        AND l.entry_number <= coalesce(
          (SELECT min(s.number) FROM ledger_snapshot s WHERE s.taken_at > :at), 9223372036854775807)
        AND e.posted_at <= :at))
    FROM ledger_account a
    LEFT JOIN LATERAL (
      SELECT u.number, u.balance FROM ledger_rollup u
      WHERE u.account_id = a.id
        AND u.number <= (SELECT max(s.number) FROM ledger_snapshot s WHERE s.last_posted_at <= :at)
      ORDER BY u.number DESC LIMIT 1
    ) r ON true
    WHERE a.key = :key AND a.asset = :asset
    """
)
_PENDING: Final = """
    (SELECT coalesce(sum(p.amount), 0) FROM ledger_leg p WHERE p.account_id = a.id AND p.available_at > :at)
"""
_ROW_AND_PENDING: Final = text(
    f"""
    SELECT b.balance, a.side * {_PENDING} FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
    WHERE a.key = :key AND a.asset = :asset
    """  # noqa: S608  both parts are ours
)


@dataclass(frozen=True, slots=True)
class Availability:
    """A balance in two parts: what may be used at a moment, and what waits for its ``available_at``."""

    available: int
    pending: int

    @property
    def balance(self) -> int:
        return self.available + self.pending


def balance(session: Session, key: str, asset: str) -> int:
    """The balance of the account now, in minor units or tokens. Raises ValueError for a key outside the book."""
    return _figure(session, _ROLLUP_AND_TAIL if kind_of(key).hot else _ROW, key, asset)


def balance_as_of(session: Session, key: str, asset: str, at: datetime) -> int:
    """The balance by all entries posted until ``at``, that moment included (the database's time of posting)."""
    kind_of(key)
    return _figure(session, _AS_OF, key, asset, at=at)


def available_and_pending(session: Session, key: str, asset: str, at: datetime) -> Availability:
    """The balance now, parted by whether a leg is available at ``at``. A leg without ``available_at`` always is.

    A leg that takes back something pending carries the ``available_at`` of what it takes back.
    Raises ValueError for a hot account: what the platform owns does not wait.
    """
    if kind_of(key).hot:
        raise ValueError(f"{key} has no pending part")
    row = session.execute(_ROW_AND_PENDING, {"key": key, "asset": asset, "at": at}).one_or_none()
    held, pending = row or (0, 0)
    return Availability(available=int(held) - int(pending), pending=int(pending))


def _figure(session: Session, statement: TextClause, key: str, asset: str, **values: datetime) -> int:
    return int(session.execute(statement, {"key": key, "asset": asset, **values}).scalar() or 0)
