"""``azora verify``: do the books agree with themselves, with what was sold, and with Stripe?

Each proof is one set-based statement that returns what differs; no difference, no row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.ids import PaymentId
from azora_admin.gateways.stripe.balance import ChargeMovement, charge_movements
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.gateways.stripe.disputes import all_disputes
from azora_admin.gateways.stripe.refunds import all_refunds
from azora_admin.ledger.queries.proofs import Difference, prove
from azora_admin.reports import (
    dispute_verification,
    document_verification,
    exchange_verification,
    refund_verification,
)
from azora_admin.reports.refund_verification import compare_refunds, known_refunds

_PROOFS: Final = (
    (
        "sale_without_entry",
        "Payment {id} is paid, yet its sale is not in the ledger.",
        """SELECT p.id FROM payment p WHERE p.settled_at IS NOT NULL AND NOT EXISTS (
             SELECT FROM ledger_entry e WHERE e.kind = 'sale' AND e.reference = p.id::text)""",
    ),
    (
        "entry_without_sale",
        "The ledger has a sale for {id}, which is no paid payment.",
        """SELECT e.reference AS id FROM ledger_entry e WHERE e.kind = 'sale' AND NOT EXISTS (
             SELECT FROM payment p WHERE p.id::text = e.reference AND p.settled_at IS NOT NULL)""",
    ),
    (
        "sale_of_another_amount",
        "The sale of payment {id} is booked with another amount than was paid.",
        """SELECT p.id FROM payment p
             JOIN ledger_entry e ON e.kind = 'sale' AND e.reference = p.id::text
             LEFT JOIN (ledger_leg l JOIN ledger_account a ON a.id = l.account_id AND a.key = 'stripe:balance')
                    ON l.entry_id = e.id
            WHERE (l.amount, l.asset) IS DISTINCT FROM (-p.amount_minor, p.currency)""",
    ),
    (
        "sale_without_split",
        "Payment {id} bought a course without a split agreement.",
        """SELECT p.id FROM payment p WHERE p.settled_at IS NOT NULL AND p.course_id IS NOT NULL
              AND p.split_agreement_id IS NULL""",
    ),
    (
        "sale_shared_otherwise",
        "The sale of payment {id} is not shared as its split agreement says.",
        # A share and its leg may differ by less than one unit; a share below one unit may have no leg.
        """SELECT p.id FROM payment p
             JOIN ledger_entry e ON e.kind = 'sale' AND e.reference = p.id::text
            CROSS JOIN LATERAL (
             SELECT l.amount, s.basis_points
               FROM (SELECT l.amount, a.key FROM ledger_leg l JOIN ledger_account a ON a.id = l.account_id
                      WHERE l.entry_id = e.id AND a.key NOT IN ('stripe:balance', 'platform:revenue')) l
               FULL JOIN (SELECT * FROM split_share WHERE agreement_id = p.split_agreement_id) s
                      ON l.key = s.party || '\\:payable') shared
            WHERE abs(COALESCE(shared.amount, 0) * 10000
                      - p.amount_minor * COALESCE(shared.basis_points, 0)) >= 10000""",
    ),
    (
        "sale_without_access",
        "Payment {id} is paid, yet it never gave access to its course.",
        """SELECT p.id FROM payment p WHERE p.settled_at IS NOT NULL AND p.course_id IS NOT NULL AND NOT EXISTS (
             SELECT FROM access_grant g WHERE g.payment_id = p.id AND g.learner_id = p.payer_id
                AND g.course_id = p.course_id AND g.reason = 'purchase')""",
    ),
    (
        "access_without_sale",
        "The grant {id} rests on a payment that was not paid, or is gone.",
        """SELECT g.id FROM access_grant g JOIN payment p ON p.id = g.payment_id
            WHERE g.ended_at IS NULL AND (p.settled_at IS NULL OR p.status IN ('refunded', 'charged_back'))""",
    ),
    (
        "fee_differs",
        "The processing fee of payment {id} is not the one in the ledger.",
        """SELECT COALESCE(p.id::text, f.reference) AS id
             FROM (SELECT * FROM payment WHERE fee_minor <> 0) p
             FULL JOIN (SELECT e.reference, l.amount, l.asset FROM ledger_entry e
                         LEFT JOIN ledger_leg l ON l.entry_id = e.id AND l.amount > 0
                        WHERE e.kind = 'processing_fee') f ON f.reference = p.id::text
            WHERE (p.fee_minor, p.fee_currency) IS DISTINCT FROM (f.amount, f.asset)""",
    ),
    (
        "correction_undecided",
        "The correction {id} stands in the ledger, and no two persons decided it; or the other way round.",
        """SELECT COALESCE(e.reference, c.id::text) AS id
             FROM (SELECT * FROM ledger_entry WHERE kind = 'correction') e
             FULL JOIN (SELECT * FROM reconciliation_decision WHERE act = 'correct' AND state = 'approved') c
                    ON c.id::text = e.reference AND c.entry_id = e.id
            WHERE e.id IS NULL OR c.id IS NULL""",
    ),
    (
        "history_differs",
        "The last change of payment {id} is not the state it is in.",
        """SELECT p.id FROM payment p WHERE p.status IS DISTINCT FROM (
             SELECT c.to_status FROM payment_change c WHERE c.payment_id = p.id ORDER BY c.number DESC LIMIT 1)""",
    ),
)

# A charge whose sale or fee is not booked here after so long will not be booked by itself.
_LONGEST_WAIT: Final = timedelta(hours=1)
_SETTLED: Final = """SELECT p.id, p.stripe_charge_id, p.fee_minor, p.fee_currency,
           COALESCE(x.settled_minor, p.amount_minor) AS amount_minor,
           COALESCE(x.settled_currency, p.currency) AS currency
    FROM payment p LEFT JOIN exchange x ON x.source = p.stripe_charge_id AND x.category = 'charge'
    WHERE p.settled_at IS NOT NULL AND p.stripe_charge_id IS NOT NULL"""
_BEING_ASKED: Final = """SELECT stripe_payment_intent_id
    FROM payment WHERE settled_at IS NULL AND next_ask_at IS NOT NULL AND stripe_payment_intent_id IS NOT NULL"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``differences`` must be empty. ``waiting``: charges and refunds at Stripe, about to be booked here."""

    differences: Sequence[Difference]
    waiting: int


def verify(stripe: StripeConnection) -> Verdict:
    """Hold the books against themselves, the sales and Stripe. Raises NoAnswer when Stripe is silent."""
    with db.exact_snapshot() as session:
        found = [*prove(session), *prove_sales(session)]
        expected, refunded = finished_charges(session), known_refunds(session)
        disputed = dispute_verification.known_disputes(session)
    movements, refunds = list(charge_movements(stripe)), all_refunds(stripe)
    disputes = all_disputes(stripe)
    # What was finished here before Stripe was asked must be in its answer; what it told must be known here after it.
    with db.exact_snapshot() as session:
        compared = compare_with_stripe(session, movements, expected=expected)
        differing, on_their_way = compare_refunds(session, refunds, expected=refunded)
        contested, awaited = dispute_verification.compare_disputes(session, disputes, expected=disputed)
    return Verdict(
        [*found, *compared.differences, *differing, *contested], compared.waiting + on_their_way + awaited
    )


def finished_charges(session: Session) -> Mapping[str, PaymentId]:
    """The charges whose fee is known here, each with its payment: Stripe's book must have them."""
    return {
        row.stripe_charge_id: row.id for row in session.execute(text(_SETTLED)) if row.fee_minor is not None
    }


def prove_sales(session: Session) -> list[Difference]:
    """Sales, entries, grants, fees, refunds, disputes, documents and histories, each held against the others."""
    return [
        Difference(code, str(row.id), sentence.format(id=row.id))
        for code, sentence, statement in (
            *_PROOFS,
            *refund_verification.PROOFS,
            *dispute_verification.PROOFS,
            *document_verification.PROOFS,
            *exchange_verification.PROOFS,
        )
        for row in session.execute(text(statement))
    ]


def compare_with_stripe(
    session: Session, movements: Iterable[ChargeMovement], *, expected: Mapping[str, PaymentId]
) -> Verdict:
    """Our payments against the charges in Stripe's book, both ways, to the cent."""
    settled = {row.stripe_charge_id: row for row in session.execute(text(_SETTLED))}
    being_asked = set(session.scalars(text(_BEING_ASKED)))
    found: list[Difference] = []
    missing, waiting = dict(expected), 0
    for movement in movements:
        missing.pop(movement.charge_id, None)
        payment = settled.get(movement.charge_id)
        if payment is not None and payment.fee_minor is not None:
            found += _compare(payment, movement)
        elif payment is None and movement.intent_id not in being_asked:
            found.append(_differs("charge_unknown", movement, "which no payment here knows"))
        elif clock.now() - movement.created_at <= _LONGEST_WAIT:
            waiting += 1
        elif payment is None:
            found.append(
                _differs("charge_not_settled", movement, "which its payment here does not settle by")
            )
        else:
            found.append(_differs("fee_not_booked", movement, "and its fee is not booked here"))
    for charge_id, payment_id in missing.items():
        sentence = f"Payment {payment_id} has charge {charge_id}, which Stripe's book does not have."
        found.append(Difference("charge_missing", str(payment_id), sentence))
    return Verdict(found, waiting)


def _differs(code: str, movement: ChargeMovement, how: str) -> Difference:
    return Difference(code, movement.charge_id, f"Stripe has charge {movement.charge_id}, {how}.")


def _compare(payment: Row[*tuple[Any, ...]], movement: ChargeMovement) -> list[Difference]:
    if movement.amount.currency != payment.currency:
        theirs = movement.amount.currency
        sentence = f"Payment {payment.id} stands in {payment.currency}, and Stripe settled it in {theirs}."
        return [Difference("settled_in_another_currency", str(payment.id), sentence)]
    ours = (payment.amount_minor, payment.fee_minor, payment.fee_currency)
    if ours == (movement.amount.amount, movement.fee.amount, movement.fee.currency):
        return []
    sentence = f"Payment {payment.id} and charge {movement.charge_id} at Stripe differ in amount or fee."
    return [Difference("charge_differs", str(payment.id), sentence)]
