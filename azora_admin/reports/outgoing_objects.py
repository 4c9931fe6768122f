"""What goes out about an object: an id of ours or of Stripe's, a request of Stripe's or an idempotency key, whole.

An object leads to what hangs on it, too: a payment to its refunds and to answers to its disputes, a person or customer
to all of theirs. A call leads to the one thing that it was about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_FIND: Final = text(
    """
    WITH called AS MATERIALIZED (
      SELECT CAST(about AS uuid) AS id FROM
        (SELECT about FROM outgoing_call WHERE outside_id = :text
         UNION SELECT about FROM outgoing_call WHERE idempotency_key = :text OFFSET 0) AS call
       WHERE about ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
    named AS MATERIALIZED (SELECT CAST(:id AS uuid) AS id WHERE CAST(:id AS uuid) IS NOT NULL),
    people AS MATERIALIZED (
      SELECT id FROM named UNION SELECT person_id FROM customer WHERE stripe_customer_id = :text),
    payments AS MATERIALIZED (
      SELECT id FROM payment WHERE id IN (SELECT id FROM named)
      UNION SELECT id FROM payment WHERE stripe_payment_intent_id = :text
      UNION SELECT id FROM payment WHERE stripe_charge_id = :text
      UNION SELECT id FROM payment WHERE payer_id IN (SELECT id FROM people)),
    disputes AS MATERIALIZED (
      SELECT id FROM dispute WHERE id IN (SELECT id FROM named)
      UNION SELECT id FROM dispute WHERE stripe_dispute_id = :text
      UNION SELECT id FROM dispute WHERE payment_id IN (SELECT id FROM payments)),
    both_ways AS MATERIALIZED (SELECT id FROM named UNION SELECT id FROM called)
    SELECT 'payment' AS kind, id FROM payments
    UNION SELECT 'payment', id FROM payment WHERE id IN (SELECT id FROM called)
    UNION SELECT 'refund', id FROM refund WHERE id IN (SELECT id FROM both_ways)
    UNION SELECT 'refund', id FROM refund WHERE stripe_refund_id = :text
    UNION SELECT 'refund', id FROM refund WHERE payment_id IN (SELECT id FROM payments)
    UNION SELECT 'setup', id FROM method_setup WHERE id IN (SELECT id FROM both_ways)
    UNION SELECT 'setup', id FROM method_setup WHERE stripe_setup_intent_id = :text
    UNION SELECT 'setup', id FROM method_setup WHERE person_id IN (SELECT id FROM people)
    UNION SELECT 'answer', id FROM dispute_answer WHERE id IN (SELECT id FROM both_ways)
    UNION SELECT 'answer', id FROM dispute_answer WHERE dispute_id IN (SELECT id FROM disputes)
    UNION SELECT 'mail', id FROM mail WHERE id IN (SELECT id FROM named)
    """
)


def ids_about(session: Session, said: str) -> Mapping[str, Sequence[UUID]]:
    """Our ids of what goes out about the object that is called ``said``, by kind. One statement."""
    found: defaultdict[str, list[UUID]] = defaultdict(list)
    values: dict[str, Any] = {"text": said, "id": _own(said)}
    for row in session.execute(_FIND, values):
        found[row.kind].append(row.id)
    return found


def _own(said: str) -> UUID | None:
    try:
        return UUID(said)
    except ValueError:
        return None
