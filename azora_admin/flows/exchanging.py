"""Stripe settles in another currency than was paid: the book follows by an entry of its own, under Stripe's id.

The charge's exchange comes with its fee, a dispute's with its movement, and each (a refund's, too) with Stripe's
statement: whichever is first books it, and the others find it there.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from azora_admin.core.ids import PaymentId
from azora_admin.core.money import Money
from azora_admin.ledger import actions as ledger
from azora_admin.ledger.rules import Entry
from azora_admin.payments.actions import exchanges
from azora_admin.payments.rules import exchange as rules
from azora_admin.payments.rules.exchange import Exchange

# The lines of a day that are about money which the book has in another currency. What two persons have corrected before
# the book knew of exchanges is left as it is.
_UNBOOKED: Final = text(
    """
    SELECT t.id, t.source, t.category, t.amount, t.currency, t.exchange_rate, t.created_at,
           o.payment_id, o.amount AS presented, o.currency AS presented_currency
      FROM balance_transaction t
      JOIN LATERAL (
        SELECT p.id AS payment_id, p.amount_minor AS amount, p.currency FROM payment p
         WHERE t.category = 'charge' AND p.stripe_charge_id = t.source AND p.settled_at IS NOT NULL
        UNION ALL
        SELECT r.payment_id, CASE t.category WHEN 'refund' THEN -r.amount_minor ELSE r.amount_minor END, r.currency
          FROM refund r WHERE t.category IN ('refund', 'refund_failure') AND r.stripe_refund_id = t.source
           AND r.settled_at IS NOT NULL AND (t.category = 'refund' OR r.state IN ('failed', 'cancelled'))
        UNION ALL
        SELECT d.payment_id, -m.taken_minor, d.currency FROM dispute_movement m JOIN dispute d ON d.id = m.dispute_id
         WHERE t.category IN ('dispute', 'dispute_reversal') AND m.stripe_balance_transaction_id = t.id
      ) o ON o.currency <> t.currency AND (o.amount <> 0 OR t.amount <> 0)
     WHERE t.day = :day AND t.is_readable
       AND NOT EXISTS (SELECT FROM exchange x WHERE x.stripe_balance_transaction_id = t.id)
       AND NOT EXISTS (SELECT FROM reconciliation_difference f JOIN reconciliation_decision c ON c.difference_id = f.id
                        WHERE f.source = t.source AND f.category = t.category AND c.entry_id IS NOT NULL)
     ORDER BY t.created_at, t.id
    """
)


def book(session: Session, payment_id: PaymentId, exchange: Exchange, *, cause: str) -> None:
    """Book what Stripe exchanged, unless it is booked, or nothing was exchanged.

    Another currency alone is no exchange: Stripe names a rate, or named one for the charge of the same payment. What it
    leaves unexplained is for reconciliation to tell.
    """
    if not rules.moves(exchange):
        return
    if exchange.rate is None and not exchanges.is_charge_exchanged(session, payment_id, exchange):
        return
    if exchanges.record(session, payment_id, exchange):
        ledger.post(
            session,
            Entry(
                kind=rules.ENTRY_KIND,
                reference=exchange.id,
                legs=rules.exchange_legs(exchange),
                cause=f"{cause} {exchange.id}",
                rule_version=rules.RULE_VERSION,
                occurred_at=exchange.at,
            ),
        )


def book_day(session: Session, day: date) -> None:
    """Book what Stripe's statement of the day says was exchanged, as far as the book knows what it is about."""
    for row in session.execute(_UNBOOKED, {"day": day}).all():
        told = Exchange(
            id=row.id,
            source=row.source,
            category=row.category,
            presented=Money(row.presented, row.presented_currency),
            settled=Money(row.amount, row.currency),
            rate=row.exchange_rate,
            at=row.created_at,
        )
        book(session, PaymentId(row.payment_id), told, cause="ask")
