"""Documents beside the facts they tell of, in one commit, and the letters that bring receipts to their payers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.ids import DocumentId, PaymentId, PersonId, RefundId, new_id
from azora_admin.core.letters import one_line
from azora_admin.core.money import money_text
from azora_admin.identity.actions import audit
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import Actor, Subject
from azora_admin.messaging import mail
from azora_admin.payments.actions import documents
from azora_admin.payments.queries import DocumentView
from azora_admin.payments.rules.documents import TITLES, Buyer
from azora_admin.payments.rules.letters import DocumentAgain, ReceiptLetter


def give_receipt(session: Session, payment_id: PaymentId, *, payer_id: PersonId, paid_at: datetime) -> None:
    """The payment completed: its payer gets a receipt, and hears of it once."""
    payer = get_person(session, payer_id)
    written = documents.write_receipt(
        session, payment_id, buyer=Buyer(payer.name, payer.email), paid_at=paid_at
    )
    if written:
        letter = ReceiptLetter(money_text(written.total), one_line(written.what), str(written.id))
        mail.enqueue(session, letter, to=payer.email, key=f"receipt:{written.id}:first")


def follow_refund(session: Session, refund_id: RefundId, *, to_state: str) -> DocumentId | None:
    """The refund arrived: its payer gets a credit note. It came back after it had: the note is cancelled.

    Returns what was written; the letter about the refund brings it along.
    """
    written = None
    if to_state == "succeeded":
        written = documents.write_credit_note(session, refund_id)
    elif to_state in ("failed", "cancelled"):
        written = documents.cancel_credit_note(session, refund_id)
    return written.id if written else None


def send_again(document: DocumentView, actor: Actor, *, finish: Callable[[Session, str], object]) -> str:
    """Mail the document to its payer once more. ``finish`` is called in the transaction. Returns the address."""
    letter = DocumentAgain(
        what=f"{TITLES[document.kind]} {document.number}",
        amount=money_text(document.total),
        title=one_line(document.content.lines[0].text),
        document_id=str(document.id),
    )
    with db.transaction() as session:
        to = get_person(session, document.payer_id).email
        mail.enqueue(session, letter, to=to, key=f"document_again:{document.id}:{new_id()}")
        audit.record(
            session,
            actor,
            act="document.sent_again",
            subject=Subject("document", str(document.id), document.number),
            after={"payment_id": document.payment_id, "to": to},
        )
        finish(session, to)
    return to
