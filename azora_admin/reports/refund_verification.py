"""Refunds proved for ``azora verify``: against their payments, the ledger, and Stripe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.gateways.stripe.shapes import Refund
from azora_admin.ledger.queries.proofs import Difference
from azora_admin.payments.rules.refunds import next_state

_LIVE: Final = "state IN ('reserved', 'unknown', 'pending', 'succeeded')"

PROOFS: Final = (
    (
        "refunds_counted_otherwise",
        "Payment {id} counts another sum than its live refunds have.",
        f"""SELECT p.id FROM payment p
             LEFT JOIN (SELECT payment_id, sum(amount_minor) AS amount FROM refund WHERE {_LIVE} GROUP BY payment_id) r
                    ON r.payment_id = p.id
            WHERE p.refunded_minor <> COALESCE(r.amount, 0)""",  # noqa: S608  ours
    ),
    (
        "status_not_of_refunds",
        "The status of payment {id} is not the one that its refunds and disputes make of it.",
        """SELECT p.id FROM payment p
             LEFT JOIN (SELECT payment_id, sum(amount_minor) AS amount FROM refund WHERE state = 'succeeded'
                         GROUP BY payment_id) r ON r.payment_id = p.id
             LEFT JOIN (SELECT payment_id,
                          sum(withdrawn_minor) FILTER (WHERE status IN ('lost', 'prevented')) AS lost,
                          bool_or(withheld_minor > 0 OR status <> ALL (ARRAY['won', 'lost', 'prevented',
                            'warning_needs_response', 'warning_under_review', 'warning_closed'])) AS is_open
                          FROM dispute GROUP BY payment_id) d ON d.payment_id = p.id
            WHERE p.settled_at IS NOT NULL AND p.status <> CASE
              WHEN d.is_open THEN 'disputed'
              WHEN COALESCE(r.amount, 0) >= p.amount_minor THEN 'refunded'
              WHEN COALESCE(r.amount, 0) + COALESCE(d.lost, 0) >= p.amount_minor THEN 'charged_back'
              WHEN COALESCE(r.amount, 0) + COALESCE(d.lost, 0) > 0 THEN 'partially_refunded'
              ELSE 'completed' END""",
    ),
    (
        "hold_without_refund",
        "What is held for refunds of payment {id} is not what its open refunds are about.",
        """SELECT COALESCE(r.payment_id::text, h.id) AS id
             FROM (SELECT payment_id, currency, sum(amount_minor) AS amount FROM refund
                    WHERE state IN ('reserved', 'unknown', 'pending') GROUP BY payment_id, currency) r
             FULL JOIN (SELECT split_part(a.key, ':', 2) AS id, a.asset, b.balance
                          FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
                         WHERE a.kind = 'refund_in_flight' AND b.balance <> 0) h
                    ON h.id = r.payment_id::text AND h.asset = r.currency
            WHERE r.amount IS DISTINCT FROM h.balance""",
    ),
    (
        "refund_booked_otherwise",
        "The entries of refund {id} are not those of the state that it is in.",
        """SELECT COALESCE(r.id::text, e.reference) AS id
             FROM (SELECT id, CASE WHEN reserved_at IS NULL THEN ''
                                   WHEN ended_at IS NOT NULL AND settled_at IS NOT NULL THEN 'failed reserved settled'
                                   WHEN ended_at IS NOT NULL THEN 'failed reserved'
                                   WHEN settled_at IS NOT NULL THEN 'reserved settled'
                                   ELSE 'reserved' END AS wanted FROM refund) r
             FULL JOIN (SELECT reference, string_agg(substr(kind, 8), ' ' ORDER BY kind) AS booked FROM ledger_entry
                         WHERE kind IN ('refund_reserved', 'refund_settled', 'refund_failed') GROUP BY reference) e
                    ON e.reference = r.id::text
            WHERE COALESCE(e.booked, '') IS DISTINCT FROM r.wanted""",
    ),
    (
        "refund_of_another_amount",
        "An entry of refund {id} is about another amount.",
        """SELECT r.id FROM refund r JOIN ledger_entry e ON e.reference = r.id::text
             JOIN (SELECT entry_id, asset, sum(amount) AS volume FROM ledger_leg WHERE amount > 0
                    GROUP BY entry_id, asset) l ON l.entry_id = e.id
            WHERE e.kind IN ('refund_reserved', 'refund_settled', 'refund_failed')
              AND (l.volume, l.asset) IS DISTINCT FROM (r.amount_minor, r.currency)""",
    ),
    (
        "refund_shared_otherwise",
        "All of payment {id} is gone, and yet a party of its sale does not stand at nought.",
        """SELECT DISTINCT p.id FROM payment p
             JOIN LATERAL (
               SELECT a.key FROM ledger_entry e JOIN ledger_leg l ON l.entry_id = e.id
                 JOIN ledger_account a ON a.id = l.account_id
                WHERE e.kind IN ('sale', 'refund_reserved', 'refund_failed', 'dispute_opened', 'dispute_won')
                  AND (e.reference = p.id::text
                       OR e.reference IN (SELECT r.id::text FROM refund r WHERE r.payment_id = p.id)
                       OR e.reference IN (SELECT m.stripe_balance_transaction_id FROM dispute_movement m
                                            JOIN dispute d ON d.id = m.dispute_id WHERE d.payment_id = p.id))
                  AND a.kind NOT IN ('stripe_balance', 'stripe_fees', 'stripe_disputed', 'refund_in_flight',
                                     'dispute_withheld', 'platform_adjustments')
                GROUP BY a.key HAVING sum(l.amount) <> 0) party ON true
            WHERE p.refunded_minor + p.withdrawn_minor >= p.amount_minor""",
    ),
)

# A refund that is not recorded here after so long will not be recorded by itself.
_LONGEST_WAIT: Final = timedelta(hours=1)
_KNOWN: Final = """SELECT id, stripe_refund_id, state, amount_minor, currency, next_ask_at
    FROM refund WHERE stripe_refund_id IS NOT NULL"""
_UNSENT: Final = "SELECT id::text FROM refund WHERE state IN ('reserved', 'unknown')"
_INTENTS: Final = "SELECT stripe_payment_intent_id FROM payment WHERE stripe_payment_intent_id = ANY(:ids)"


def compare_refunds(
    session: Session, at_stripe: Sequence[Refund], *, expected: set[str]
) -> tuple[list[Difference], int]:
    """Our refunds against Stripe's, both ways; and how many are about to be recorded here.

    ``expected`` are those that were known here before Stripe was asked.
    """
    known = {row.stripe_refund_id: row for row in session.execute(text(_KNOWN))}
    unsent = set(session.scalars(text(_UNSENT)))
    ours = set(session.scalars(text(_INTENTS), {"ids": [one.intent_id for one in at_stripe]}))
    found: list[Difference] = []
    waiting = 0
    for told in at_stripe:
        row = known.get(told.id)
        wrong = _difference(row, told, is_ours=told.intent_id in ours)
        if wrong is not None and _is_awaited(row, told, unsent=unsent):
            waiting += 1
        elif wrong is not None:
            found.append(wrong)
    for missing in sorted(expected - {told.id for told in at_stripe}):
        sentence = f"Refund {missing} is known here, and Stripe does not have it."
        found += [Difference("refund_missing", missing, sentence)]
    return found, waiting


def known_refunds(session: Session) -> set[str]:
    """Stripe's ids of the refunds that are known here."""
    return {row.stripe_refund_id for row in session.execute(text(_KNOWN))}


def _is_awaited(row: Row[*tuple[Any, ...]] | None, told: Refund, *, unsent: set[str]) -> bool:
    """Whether it will be recorded by itself: an event or a question is on its way."""
    if row is None:
        return told.refund_id in unsent or clock.now() - told.created_at <= _LONGEST_WAIT
    same = (row.amount_minor, row.currency) == (told.amount.amount, told.amount.currency)
    return same and row.next_ask_at is not None and clock.now() - row.next_ask_at <= _LONGEST_WAIT


def _difference(row: Row[*tuple[Any, ...]] | None, told: Refund, *, is_ours: bool) -> Difference | None:
    if row is None:
        sentence = f"Stripe has refund {told.id} of {told.intent_id}, which is not known here."
        return Difference("refund_unknown", told.id, sentence) if is_ours else None
    if (row.amount_minor, row.currency) != (told.amount.amount, told.amount.currency):
        return Difference("refund_differs", str(row.id), f"Refund {row.id} has another amount at Stripe.")
    if next_state(row.state, told.status) is not None:
        sentence = f"Refund {row.id} is {row.state} here and {told.status} at Stripe."
        return Difference("refund_not_recorded", str(row.id), sentence)
    return None
