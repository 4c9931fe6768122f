"""The book held against Stripe's statement: one statement a day finds what differs, and rules say what it is.

Both sides are summed per object of Stripe's (rules.movements). A day is the objects that began on it at Stripe, and the
entries of ours of that day for which Stripe has nothing. Only what differs ever leaves the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.reconciliation.actions import differences
from azora_admin.reconciliation.actions.differences import Found
from azora_admin.reconciliation.queries.sources import REFERENCES
from azora_admin.reconciliation.rules.differences import judge
from azora_admin.reconciliation.rules.movements import BILLED, Movement, Sum

_OF_DAY: Final = """
  SELECT DISTINCT t.source, t.category FROM balance_transaction t
   WHERE t.day = :day AND NOT EXISTS (
     SELECT FROM balance_transaction x WHERE x.source = t.source AND x.category = t.category AND x.day < t.day)
  UNION
  SELECT d.source, d.category FROM reconciliation_difference d WHERE d.day = :day AND d.state <> 'resolved'"""
_OF_LIST: Final = (
    "SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:categories AS text[])) AS one (source, category)"
)
_BILLED: Final = ", ".join(f"'{one}'" for one in BILLED)


def _sides(wanted: str) -> str:
    """Both sides of the wanted objects, a row per currency; ``differs`` in every row of an object that does."""
    return f"""
    WITH wanted AS MATERIALIZED ({wanted}),
    theirs AS (
      SELECT t.source, t.category, t.currency,
             sum(CASE WHEN t.category IN ({_BILLED}) THEN 0 ELSE t.amount END)::bigint AS gross,
             sum(CASE WHEN t.category IN ({_BILLED}) THEN t.fee - t.amount ELSE t.fee END)::bigint AS fee,
             count(*) AS count, min(t.created_at) AS at, min(t.charge_id) AS charge_id,
             bool_and(t.is_readable) AS is_readable
        FROM wanted JOIN balance_transaction t USING (source, category) GROUP BY 1, 2, 3
    ), booked AS (
      SELECT r.source, r.category, e.id, e.occurred_at, l.asset AS currency, -sum(l.amount) AS gross,
             -sum(l.amount) FILTER (WHERE a.key = 'stripe:fees') AS fee
        FROM ({REFERENCES}) r JOIN ledger_entry e ON e.reference = r.reference AND e.kind = r.kind
        JOIN ledger_leg l ON l.entry_id = e.id
        JOIN ledger_account a ON a.id = l.account_id AND a.key IN ('stripe:balance', 'stripe:fees')
       GROUP BY 1, 2, 3, 4, 5
    ), ours AS (
      SELECT source, category, currency, sum(gross)::bigint AS gross, coalesce(sum(fee), 0)::bigint AS fee,
             count(*) FILTER (WHERE gross <> 0) AS count, min(occurred_at) AS at
        FROM booked GROUP BY 1, 2, 3
    ), sides AS (
      SELECT source, category, currency, coalesce(t.gross, 0) AS their_gross, coalesce(t.fee, 0) AS their_fee,
             coalesce(t.count, 0) AS their_count, t.at AS their_at, t.charge_id,
             coalesce(t.is_readable, true) AS is_readable, coalesce(o.gross, 0) AS our_gross,
             coalesce(o.fee, 0) AS our_fee, coalesce(o.count, 0) AS our_count, o.at AS our_at
        FROM theirs t FULL JOIN ours o USING (source, category, currency)
    ), marked AS (
      SELECT *, bool_or(NOT is_readable OR (their_gross, their_fee) <> (our_gross, our_fee))
                  OVER (PARTITION BY source, category) AS differs
        FROM sides
    )"""  # noqa: S608  ours


_DIFFERING: Final = """
    SELECT m.*,
           (category = 'refund' AND EXISTS (
             SELECT FROM balance_transaction x WHERE x.category = 'refund' AND x.charge_id = m.charge_id
                AND x.source <> m.source AND x.amount = m.their_gross AND x.currency = m.currency)) AS has_twin,
           coalesce((SELECT p.id FROM payment p WHERE p.stripe_charge_id = m.charge_id),
                    (SELECT p.id FROM payment p WHERE p.stripe_charge_id = m.source),
                    (SELECT r.payment_id FROM refund r WHERE r.stripe_refund_id = m.source),
                    (SELECT d.payment_id FROM dispute d WHERE d.stripe_dispute_id = m.source)) AS payment_id
      FROM marked m WHERE differs"""
# A day's totals ride along with its comparison: they are of the very rows that were compared.
_TOTALS: Final = """, totals AS (
      INSERT INTO reconciliation_total (day, currency, their_gross, their_fee, our_gross, our_fee)
      SELECT :day, currency, sum(their_gross), sum(their_fee), sum(our_gross), sum(our_fee)
        FROM sides WHERE is_readable GROUP BY currency
      ON CONFLICT (day, currency) DO UPDATE SET their_gross = excluded.their_gross, their_fee = excluded.their_fee,
        our_gross = excluded.our_gross, our_fee = excluded.our_fee
    )"""
_NO_TOTALS: Final = text("DELETE FROM reconciliation_total WHERE day = :day")
_COMPARE_DAY: Final = text(_sides(_OF_DAY) + _TOTALS + _DIFFERING)
_COMPARE: Final = text(_sides(_OF_LIST) + _DIFFERING)


def compare_day(session: Session, day: date, *, read_until: datetime) -> list[Found]:
    """Compare all that began on ``day``, and keep what differs. Returns it, what still waits among it.

    ``read_until``: how far Stripe's statement was read.
    """
    session.execute(_NO_TOTALS, {"day": day})
    found = _judged(session.execute(_COMPARE_DAY, {"day": day}).all(), read_until=read_until)
    differences.keep_of_day(session, day, found)
    return found


def compare(session: Session, keys: Sequence[tuple[str, str]], *, read_until: datetime) -> list[Found]:
    """Compare the objects named by (source, category), and keep what differs. Returns it."""
    values = {"sources": [source for source, _ in keys], "categories": [category for _, category in keys]}
    found = _judged(session.execute(_COMPARE, values).all(), read_until=read_until)
    differences.keep_of(session, keys, found)
    return found


def _judged(rows: Sequence[Row[*tuple[Any, ...]]], *, read_until: datetime) -> list[Found]:
    by_object: defaultdict[tuple[str, str], list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in rows:
        by_object[row.source, row.category].append(row)
    now = clock.now()
    found = []
    for parts in by_object.values():
        movement = _movement(parts)
        finding = judge(movement, now=now, read_until=read_until)
        if finding is not None:
            payment_id = next((row.payment_id for row in parts if row.payment_id), None)
            found.append(Found(movement, finding, payment_id))
    return found


def _movement(rows: Sequence[Row[*tuple[Any, ...]]]) -> Movement:
    first = rows[0]
    # Stripe's time decides, where it has one: its day is the day.
    times = [row.their_at for row in rows if row.their_at] or [row.our_at for row in rows]
    return Movement(
        source=first.source,
        category=first.category,
        theirs=_present(Sum(row.currency, row.their_gross, row.their_fee, row.their_count) for row in rows),
        ours=_present(Sum(row.currency, row.our_gross, row.our_fee, row.our_count) for row in rows),
        began_at=min(times),
        is_readable=all(row.is_readable for row in rows),
        has_twin=any(row.has_twin for row in rows),
    )


def _present(sums: Any) -> tuple[Sum, ...]:
    return tuple(one for one in sums if not one.is_nothing)
