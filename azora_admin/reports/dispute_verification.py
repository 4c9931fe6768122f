"""Disputes proved for ``azora verify``: against their payments, the ledger, and Stripe."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.gateways.stripe.shapes import Dispute
from azora_admin.ledger.queries.proofs import Difference

PROOFS: Final = (
    (
        "disputes_counted_otherwise",
        "Payment {id} counts another sum than banks took of it.",
        """SELECT p.id FROM payment p
             LEFT JOIN (SELECT payment_id, sum(withdrawn_minor) AS amount FROM dispute GROUP BY payment_id) d
                    ON d.payment_id = p.id
            WHERE p.withdrawn_minor <> COALESCE(d.amount, 0)""",
    ),
    (
        "dispute_moved_otherwise",
        "What is noted as withdrawn of dispute {id} is not what its movements make.",
        """SELECT d.id FROM dispute d
             LEFT JOIN (SELECT dispute_id, sum(taken_minor) AS amount FROM dispute_movement GROUP BY dispute_id) m
                    ON m.dispute_id = d.id
            WHERE d.withdrawn_minor <> COALESCE(m.amount, 0)""",
    ),
    (
        "withheld_without_dispute",
        "What is withheld for dispute {id} is not what a bank has not decided about.",
        """SELECT COALESCE(d.id::text, h.id) AS id
             FROM (SELECT id, currency, withheld_minor FROM dispute WHERE withheld_minor <> 0) d
             FULL JOIN (SELECT split_part(a.key, ':', 2) AS id, a.asset, b.balance
                          FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
                         WHERE a.kind = 'dispute_withheld' AND b.balance <> 0) h
                    ON h.id = d.id::text AND h.asset = d.currency
            WHERE d.withheld_minor IS DISTINCT FROM h.balance""",
    ),
    (
        "disputed_at_stripe_differs",
        "What Stripe holds in {id} for banks is not what is withheld from the parties for it.",
        """SELECT COALESCE(d.currency, h.asset) AS id
             FROM (SELECT currency, sum(withheld_minor) AS amount FROM dispute GROUP BY currency) d
             FULL JOIN (SELECT l.asset, -sum(l.amount) AS amount FROM ledger_leg l
                          JOIN ledger_account a ON a.id = l.account_id WHERE a.key = 'stripe:disputed'
                         GROUP BY l.asset) h ON h.asset = d.currency
            WHERE COALESCE(d.amount, 0) <> COALESCE(h.amount, 0)""",
    ),
    (
        "dispute_booked_otherwise",
        "The movement {id} of a dispute and the ledger differ in amount or fee.",
        """SELECT COALESCE(m.stripe_balance_transaction_id, e.reference) AS id
             FROM (SELECT m.*, d.currency FROM dispute_movement m JOIN dispute d ON d.id = m.dispute_id) m
             FULL JOIN (SELECT e.id, e.reference FROM ledger_entry e
                         WHERE e.kind IN ('dispute_opened', 'dispute_won')) e
                    ON e.reference = m.stripe_balance_transaction_id
             LEFT JOIN LATERAL (
               SELECT COALESCE(sum(l.amount) FILTER (WHERE a.key = 'stripe:balance'), 0) AS left_us,
                      COALESCE(-sum(l.amount) FILTER (WHERE a.key = 'stripe:fees'), 0) AS fee
                 FROM ledger_leg l JOIN ledger_account a ON a.id = l.account_id
                WHERE l.entry_id = e.id) booked ON true
            WHERE m.stripe_balance_transaction_id IS NULL OR e.id IS NULL
               OR booked.fee <> m.fee_minor OR booked.left_us <> m.taken_minor + m.fee_minor""",
    ),
    (
        "decision_not_booked",
        "The entries about the decisions on dispute {id} are not as many as it has had.",
        """SELECT d.id FROM dispute d
            WHERE d.decisions <> (SELECT count(*) FROM ledger_entry e
              WHERE e.kind IN ('dispute_lost', 'dispute_reopened')
                AND e.reference = ANY (SELECT d.id::text || '\\:' || n FROM generate_series(1, d.decisions) n))""",
    ),
    (
        "dispute_history_differs",
        "The last change of dispute {id} is not the status it is in.",
        """SELECT d.id FROM dispute d WHERE d.status IS DISTINCT FROM (
             SELECT c.to_status FROM dispute_change c WHERE c.dispute_id = d.id ORDER BY c.number DESC LIMIT 1)""",
    ),
)

# A dispute that is not recorded here after so long will not be recorded by itself.
_LONGEST_WAIT: Final = timedelta(hours=1)
_KNOWN: Final = "SELECT id, stripe_dispute_id, status, told_at FROM dispute"
_MOVED: Final = "SELECT stripe_balance_transaction_id FROM dispute_movement"
_INTENTS: Final = "SELECT stripe_payment_intent_id FROM payment WHERE stripe_payment_intent_id = ANY(:ids)"


def known_disputes(session: Session) -> set[str]:
    """Stripe's ids of the disputes that are known here."""
    return {row.stripe_dispute_id for row in session.execute(text(_KNOWN))}


def compare_disputes(
    session: Session, at_stripe: Sequence[Dispute], *, expected: set[str]
) -> tuple[list[Difference], int]:
    """Our disputes against Stripe's, both ways; and how many are about to be recorded here.

    ``expected`` are those that were known here before Stripe was asked.
    """
    known = {row.stripe_dispute_id: row for row in session.execute(text(_KNOWN))}
    moved = set(session.scalars(text(_MOVED)))
    ours = set(session.scalars(text(_INTENTS), {"ids": [one.intent_id for one in at_stripe]}))
    found: list[Difference] = []
    waiting = 0
    for told in at_stripe:
        wrong = _difference(known.get(told.id), told, moved, is_ours=told.intent_id in ours)
        if wrong is not None and clock.now() - _last_moved_at(told) <= _LONGEST_WAIT:
            waiting += 1
        elif wrong is not None:
            found.append(wrong)
    for missing in sorted(expected - {told.id for told in at_stripe}):
        sentence = f"Dispute {missing} is known here, and Stripe does not have it."
        found += [Difference("dispute_missing", missing, sentence)]
    return found, waiting


def _last_moved_at(told: Dispute) -> datetime:
    """The latest time that the dispute itself tells: a status that changed later is told by its event alone."""
    return max((told.opened_at, *(one.at for one in told.movements)))


def _difference(
    row: Row[*tuple[Any, ...]] | None, told: Dispute, moved: set[str], *, is_ours: bool
) -> Difference | None:
    if row is None:
        sentence = f"Stripe has dispute {told.id} of {told.intent_id}, which is not known here."
        return Difference("dispute_unknown", told.id, sentence) if is_ours else None
    if missing := [one.id for one in told.movements if one.id not in moved]:
        sentence = f"Dispute {row.id} moved money at Stripe that is not booked here: {', '.join(missing)}."
        return Difference("dispute_not_booked", str(row.id), sentence)
    if row.status != told.status:
        sentence = f"Dispute {row.id} is {row.status} here and {told.status} at Stripe."
        return Difference("dispute_not_recorded", str(row.id), sentence)
    return None
