"""What follows for a payment from what came back of it: its status, and the course that it bought.

Access stays while a bank decides. It ends with the last of the money, by refunds or by a dispute that is lost, and
comes back if the money does.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from azora_admin.marketplace import actions as shelf
from azora_admin.payments.actions import standing
from azora_admin.payments.actions.refunds import RefundedPayment


def follow(session: Session, payment: RefundedPayment, *, reason: str, cause: str) -> None:
    """Bring the payment's status and its grant to what its refunds and disputes make of them."""
    now = standing.follow(session, payment, reason=reason, cause=cause)
    if now.gone_by is not None:
        shelf.end_access(session, payment_id=payment.id, reason=now.gone_by)
    else:
        shelf.restore_access(session, payment_id=payment.id)
