"""What Stripe settled in another currency, proved for ``azora verify``: against the ledger, and what it is about."""

from __future__ import annotations

from typing import Final

PROOFS: Final = (
    (
        "exchange_booked_otherwise",
        "The exchange {id} and its entry in the ledger differ.",
        """SELECT COALESCE(x.stripe_balance_transaction_id, e.reference) AS id
             FROM exchange x
             FULL JOIN (SELECT e.reference, e.id FROM ledger_entry e WHERE e.kind = 'exchange') e
                    ON e.reference = x.stripe_balance_transaction_id
             LEFT JOIN LATERAL (
               SELECT COALESCE(-sum(l.amount) FILTER (WHERE l.asset = x.presented_currency), 0) AS presented,
                      COALESCE(-sum(l.amount) FILTER (WHERE l.asset = x.settled_currency), 0) AS settled,
                      bool_and(l.asset IN (x.presented_currency, x.settled_currency)) AS is_of_both
                 FROM ledger_leg l JOIN ledger_account a ON a.id = l.account_id
                WHERE l.entry_id = e.id AND a.key = 'stripe:balance') booked ON true
            WHERE x.stripe_balance_transaction_id IS NULL OR e.id IS NULL
               OR (booked.presented, booked.settled, booked.is_of_both)
                  IS DISTINCT FROM (-x.presented_minor, x.settled_minor, true)""",
    ),
    (
        "exchange_of_another_amount",
        "The exchange {id} is of another amount or currency than what it is about.",
        """SELECT x.stripe_balance_transaction_id AS id
             FROM exchange x
             LEFT JOIN payment p ON x.category = 'charge' AND p.stripe_charge_id = x.source
             LEFT JOIN refund r ON x.category IN ('refund', 'refund_failure') AND r.stripe_refund_id = x.source
             LEFT JOIN (dispute_movement m JOIN dispute d ON d.id = m.dispute_id)
                    ON m.stripe_balance_transaction_id = x.stripe_balance_transaction_id
            WHERE (x.presented_minor, x.presented_currency) IS DISTINCT FROM (
                    CASE x.category WHEN 'charge' THEN p.amount_minor WHEN 'refund' THEN -r.amount_minor
                         WHEN 'refund_failure' THEN r.amount_minor ELSE -m.taken_minor END,
                    COALESCE(p.currency, r.currency, d.currency))""",
    ),
)
