"""The trial balance: debit and credit of every kind of account, which must agree, at any instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

# Totals of the newest snapshot whose entries were all posted by then, and the entries after it. What follows the
# first snapshot taken later than the moment was posted later, too. Without a moment: everything there is.
_TOTALS: Final = text(
    """
    WITH base AS MATERIALIZED (
      SELECT max(number) AS number FROM ledger_snapshot
      WHERE CAST(:as_of AS timestamptz) IS NULL OR last_posted_at <= CAST(:as_of AS timestamptz)
    ), part AS (
      SELECT t.kind, t.balance FROM ledger_snapshot_total t
      WHERE t.number = (SELECT number FROM base) AND t.asset = :asset
      UNION ALL
      SELECT a.kind, l.amount FROM ledger_entry e
      JOIN ledger_leg l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id
      WHERE e.number > coalesce((SELECT number FROM base), 0)
        AND e.number <= coalesce((SELECT min(s.number) FROM ledger_snapshot s
          WHERE s.taken_at > CAST(:as_of AS timestamptz)), 9223372036854775807)
        AND e.posted_at <= coalesce(CAST(:as_of AS timestamptz), 'infinity')
        AND l.asset = :asset
    )
    SELECT part.kind, sum(part.balance) AS balance
    FROM part GROUP BY part.kind ORDER BY part.kind
    """
)


@dataclass(frozen=True, slots=True)
class TrialLine:
    """The sum of all accounts of one kind; one of ``debit`` and ``credit`` is nought."""

    kind: str
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """All kinds of one asset at ``as_of`` (None: now), in minor units or tokens."""

    asset: str
    as_of: datetime | None
    lines: tuple[TrialLine, ...]

    @property
    def debit(self) -> int:
        return sum(line.debit for line in self.lines)

    @property
    def credit(self) -> int:
        return sum(line.credit for line in self.lines)


def trial_balance(session: Session, asset: str, as_of: datetime | None = None) -> TrialBalance:
    """The trial balance of ``asset`` by all entries posted until ``as_of``, that moment included."""
    rows = session.execute(_TOTALS, {"asset": asset, "as_of": as_of})
    lines = tuple(TrialLine(row.kind, max(-int(row.balance), 0), max(int(row.balance), 0)) for row in rows)
    return TrialBalance(asset, as_of, lines)
