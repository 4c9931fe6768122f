"""Stripe's statement is kept as it is read: a page a commit, a line once, and the days that it touches are due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.gateways.stripe.balance import ListedTransaction
from azora_admin.reconciliation.rules.movements import category_of

# A movement belongs to the day on which it began: that one is compared again, too.
_KEEP: Final = text(
    """
    WITH told AS (
      SELECT * FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS line (
        id text, type text, category text, source text, charge_id text, amount bigint, fee bigint, currency text,
        is_readable boolean, exchange_rate numeric, created_at timestamptz, available_at timestamptz)
    ), kept AS (
      INSERT INTO balance_transaction AS b (id, type, category, source, charge_id, amount, fee, currency, is_readable,
                                            exchange_rate, created_at, available_at, read_at)
      SELECT told.*, :now FROM told
      ON CONFLICT (id) DO UPDATE
        SET type = excluded.type, category = excluded.category, source = excluded.source,
            charge_id = excluded.charge_id, amount = excluded.amount, fee = excluded.fee, currency = excluded.currency,
            is_readable = excluded.is_readable, exchange_rate = excluded.exchange_rate,
            created_at = excluded.created_at, available_at = excluded.available_at, read_at = excluded.read_at
        WHERE (b.type, b.category, b.source, b.charge_id, b.amount, b.fee, b.currency, b.is_readable, b.created_at)
          IS DISTINCT FROM (excluded.type, excluded.category, excluded.source, excluded.charge_id, excluded.amount,
                            excluded.fee, excluded.currency, excluded.is_readable, excluded.created_at)
      RETURNING b.source, b.category, b.day
    ), touched AS (
      SELECT day FROM kept
      UNION
      SELECT b.day FROM kept JOIN balance_transaction b ON b.source = kept.source AND b.category = kept.category
    ), due AS (
      INSERT INTO reconciliation_day (day) SELECT day FROM touched ORDER BY day
      ON CONFLICT (day) DO UPDATE SET is_due = true
    )
    SELECT count(*) FROM kept
    """
)


def keep_lines(session: Session, lines: Sequence[ListedTransaction]) -> int:
    """Keep what Stripe listed. Returns how many lines were new, or another than they had been."""
    if not lines:
        return 0
    values = {"lines": orjson.dumps([_line(one) for one in lines]).decode(), "now": clock.now()}
    return int(session.execute(_KEEP, values).scalar_one())


def _line(one: ListedTransaction) -> dict[str, Any]:
    return {
        "id": one.id,
        "type": one.type,
        "category": category_of(one.type, one.reporting_category),
        "source": one.source_id or one.id,
        "charge_id": one.charge_id,
        "amount": one.amount,
        "fee": one.fee,
        "currency": one.currency,
        "is_readable": one.is_readable,
        "exchange_rate": None if one.exchange_rate is None else str(one.exchange_rate),
        "created_at": one.created_at.isoformat(),
        "available_at": one.available_at.isoformat(),
    }
