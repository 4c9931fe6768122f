"""Documents beside the facts they tell of, in one commit: a receipt, a credit note, the cancellation of one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from azora_admin.core.ids import PaymentId, PersonId, RefundId
from azora_admin.identity.queries import get_person
from azora_admin.payments.actions import documents
from azora_admin.payments.rules.documents import Buyer


def give_receipt(session: Session, payment_id: PaymentId, *, payer_id: PersonId, paid_at: datetime) -> None:
    """The payment completed: its payer gets a receipt, once."""
    payer = get_person(session, payer_id)
    documents.write_receipt(session, payment_id, buyer=Buyer(payer.name, payer.email), paid_at=paid_at)


def follow_refund(session: Session, refund_id: RefundId, *, to_state: str) -> None:
    """The refund arrived: its payer gets a credit note. It came back after it had: the note is cancelled."""
    if to_state == "succeeded":
        documents.write_credit_note(session, refund_id)
    elif to_state in ("failed", "cancelled"):
        documents.cancel_credit_note(session, refund_id)
