"""The ledger's part of ``azora verify``: what the law promises, computed again from the legs themselves.

Each proof is one set-based query that returns only what differs. Run them in ``core.db.snapshot()``, so that they
all see one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from azora_admin.ledger.queries import periods


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that should be equal and is not: a stable ``code``, the id it is about, a sentence for people."""

    code: str
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Proof:
    """A query whose every row is a difference; its first column is the subject, ``tell`` makes the sentence."""

    code: str
    sql: str
    tell: Callable[[Row[Any]], str]


_PROOFS: Final = (
    _Proof(
        "asset_not_nought",
        "SELECT asset, sum(amount) AS total FROM ledger_leg GROUP BY asset HAVING sum(amount) <> 0",
        lambda row: f"All legs in {row.asset} sum to {row.total}, not to nought.",
    ),
    _Proof(
        "entry_unbalanced",
        "SELECT entry_id, asset, sum(amount) AS total FROM ledger_leg GROUP BY entry_id, asset HAVING sum(amount) <> 0",
        lambda row: f"Entry {row.entry_id} is out of balance by {row.total} {row.asset}.",
    ),
    _Proof(
        "entry_without_legs",
        "SELECT e.id FROM ledger_entry e WHERE NOT EXISTS (SELECT FROM ledger_leg l WHERE l.entry_id = e.id)",
        lambda row: f"Entry {row.id} has no legs.",
    ),
    _Proof(
        "entry_backdated",
        """
        SELECT e.id, e.posted_at, s.taken_at FROM ledger_entry e CROSS JOIN LATERAL (
          SELECT taken_at FROM ledger_snapshot WHERE number < e.number ORDER BY number DESC LIMIT 1) s
        WHERE e.posted_at < s.taken_at
        """,
        lambda row: f"Entry {row.id} says it was posted at {row.posted_at}, before the snapshot it follows.",
    ),
    _Proof(
        "leg_astray",
        """
        SELECT l.entry_id, l.position, l.account_id, e.id IS NULL AS no_entry FROM ledger_leg l
        LEFT JOIN ledger_entry e ON e.id = l.entry_id AND e.number = l.entry_number
        LEFT JOIN ledger_account a ON a.id = l.account_id AND a.asset = l.asset
        WHERE e.id IS NULL OR a.id IS NULL
        """,
        lambda row: (
            f"Leg {row.position} of entry {row.entry_id} belongs to "
            + ("no entry." if row.no_entry else f"no account in its asset ({row.account_id}).")
        ),
    ),
    _Proof(
        "legs_changed",
        """
        SELECT e.id FROM ledger_entry e JOIN ledger_leg l ON l.entry_id = e.id
        LEFT JOIN ledger_account a ON a.id = l.account_id
        CROSS JOIN LATERAL (SELECT coalesce(a.key, '?') || '|' || l.asset || '|' || l.amount || '|'
          || coalesce((extract(epoch FROM l.available_at) * 1000000)::bigint::text, '') COLLATE "C" AS line) part
        GROUP BY e.id, e.legs_hash
        HAVING sha256(convert_to(string_agg(part.line, E'\\n' ORDER BY part.line), 'UTF8')) <> e.legs_hash
        """,
        lambda row: f"The legs of entry {row.id} are not those that it was posted with.",
    ),
    _Proof(
        "balance_differs",
        """
        SELECT a.key, a.asset, b.balance, coalesce(l.total, 0) AS total FROM ledger_account a
        LEFT JOIN ledger_balance b ON b.account_id = a.id
        LEFT JOIN (SELECT account_id, sum(amount) AS total FROM ledger_leg GROUP BY account_id) l ON l.account_id = a.id
        WHERE CASE WHEN a.hot THEN b.account_id IS NOT NULL ELSE b.balance IS DISTINCT FROM coalesce(l.total, 0) END
        """,
        lambda row: (
            f"{row.key} has "
            + ("no balance row" if row.balance is None else f"a balance row of {row.balance} {row.asset}")
            + f", its legs sum to {row.total}."
        ),
    ),
    _Proof(
        "floor_broken",
        """
        SELECT a.key, a.asset, a.floor_minor, sum(l.amount) AS total FROM ledger_account a
        JOIN ledger_leg l ON l.account_id = a.id WHERE a.floor_minor IS NOT NULL
        GROUP BY a.id HAVING sum(l.amount) < a.floor_minor
        """,
        lambda row: f"{row.key} stands at {row.total} {row.asset}, below its floor of {row.floor_minor}.",
    ),
    _Proof(
        "account_misfiled",
        """
        SELECT a.key, a.asset, a.kind FROM ledger_account a
        JOIN ledger_account_kind k ON k.kind = a.kind LEFT JOIN ledger_balance b ON b.account_id = a.id
        WHERE a.key !~ k.pattern OR (a.side, a.hot) <> (k.side, k.hot) OR a.floor_minor IS DISTINCT FROM k.floor_minor
          OR (b.account_id IS NOT NULL AND b.floor_minor IS DISTINCT FROM a.floor_minor)
        """,
        lambda row: f"{row.key} in {row.asset} does not follow the rules of its kind, {row.kind}.",
    ),
    _Proof(
        "rollup_differs",
        """
        WITH step AS (
          SELECT r.account_id, r.number, r.balance, coalesce(lag(r.balance) OVER earlier, 0) AS before,
            coalesce(lag(r.number) OVER earlier, 0) AS after
          FROM ledger_rollup r WINDOW earlier AS (PARTITION BY r.account_id ORDER BY r.number)
        )
        SELECT a.key, a.asset, step.number, step.balance, step.before + coalesce(sum(l.amount), 0) AS total
        FROM step JOIN ledger_account a ON a.id = step.account_id LEFT JOIN ledger_leg l
          ON l.account_id = step.account_id AND l.entry_number > step.after AND l.entry_number <= step.number
        GROUP BY a.key, a.asset, step.account_id, step.number, step.balance, step.before
        HAVING step.balance <> step.before + coalesce(sum(l.amount), 0)
        """,
        lambda row: (
            f"The snapshot of {row.key} at entry {row.number} says {row.balance} {row.asset},"
            f" its legs say {row.total}."
        ),
    ),
    _Proof(
        "rollup_missing",
        """
        SELECT DISTINCT a.key, a.asset FROM ledger_account a
        LEFT JOIN (SELECT account_id, max(number) AS number FROM ledger_rollup GROUP BY account_id) r
          ON r.account_id = a.id
        JOIN ledger_leg l ON l.account_id = a.id AND l.entry_number > coalesce(r.number, 0)
          AND l.entry_number <= (SELECT max(number) FROM ledger_snapshot)
        """,
        lambda row: f"{row.key} has legs in {row.asset} that the snapshot over them leaves out.",
    ),
    _Proof(
        "snapshot_total_differs",
        """
        SELECT s.number, a.kind, a.asset, t.balance, sum(r.balance) AS total FROM ledger_snapshot s
        JOIN (SELECT account_id, balance, number AS first,
            lead(number) OVER (PARTITION BY account_id ORDER BY number) AS until FROM ledger_rollup) r
          ON r.first <= s.number AND (r.until IS NULL OR r.until > s.number)
        JOIN ledger_account a ON a.id = r.account_id
        LEFT JOIN ledger_snapshot_total t ON t.number = s.number AND t.kind = a.kind AND t.asset = a.asset
        GROUP BY s.number, a.kind, a.asset, t.balance HAVING t.balance IS DISTINCT FROM sum(r.balance)
        """,
        lambda row: (
            f"The snapshot at entry {row.number} says {row.balance} {row.asset} for {row.kind},"
            f" its accounts say {row.total}."
        ),
    ),
)


def prove(session: Session) -> list[Difference]:
    """All that differs; an empty list proves the book."""
    return list(differences(session))


def differences(session: Session) -> Iterator[Difference]:
    """The differences, one by one as they are found."""
    for proof in _PROOFS:
        for row in session.execute(text(proof.sql)):
            yield Difference(proof.code, str(row[0]), proof.tell(row))
    yield from _broken_seals(session)


def _broken_seals(session: Session) -> Iterator[Difference]:
    for period in periods.closed_periods(session):
        if periods.digest_of(session, period.began_at, period.ended_at) != (period.entries, period.digest):
            yield Difference(
                "seal_broken",
                period.ended_at.isoformat(),
                f"The period closed until {period.ended_at:%Y-%m-%d %H:%M} UTC is not what was sealed.",
            )
