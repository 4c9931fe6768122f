"""Finance hears by mail of disputes, of deadlines and of warnings, beside the fact and once each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.ids import PaymentId
from azora_admin.core.letters import Letter
from azora_admin.core.money import Money, money_text
from azora_admin.flows.refund_letters import title_of
from azora_admin.identity.queries import addresses_of
from azora_admin.messaging import mail
from azora_admin.payments import queries as payments
from azora_admin.payments.queries import DisputeView
from azora_admin.payments.rules.disputes import ANSWERABLE, is_inquiry, reminder, suggests_refund
from azora_admin.payments.rules.letters import DisputeDue, DisputeOpened, FraudWarned

_TO = "finance"
_REFUND = "We suggest to refund it in full: a dispute would cost more than the payment brought."
_LOOK = "Look at the payment: a refund now keeps it from becoming a dispute."


def tell_opened(session: Session, dispute: DisputeView) -> None:
    """A bank waits for an answer: told once as an inquiry, and once as a dispute."""
    if dispute.status not in ANSWERABLE:
        return
    what = "A bank inquires about" if is_inquiry(dispute.status) else "A bank disputes"
    payment = payments.get_payment(session, dispute.payment_id)
    letter = DisputeOpened(
        what, money_text(dispute.amount), title_of(payment), _day(dispute.due_at), str(dispute.id)
    )
    _send(session, letter, key=f"dispute_opened:{dispute.id}:{dispute.status}")


def tell_warned(session: Session, payment_id: PaymentId, warning: str, *, left: Money) -> None:
    """A bank suspects fraud."""
    payment = payments.get_payment(session, payment_id)
    advice = _REFUND if suggests_refund(left) else _LOOK
    letter = FraudWarned(money_text(payment.amount), title_of(payment), advice, str(payment.id))
    _send(session, letter, key=f"fraud_warned:{warning}:created")


def remind_due() -> int:
    """Tell of every dispute whose time to answer ends in seven, three or one days. Returns how many were looked at."""
    now = clock.now()
    with db.transaction() as session:
        due = payments.disputes_to_answer(session, now=now)
        for dispute in due:
            days = reminder(dispute.due_at, now=now) if dispute.due_at else None
            if days is None:
                continue
            payment = payments.get_payment(session, dispute.payment_id)
            left = "one day" if days == 1 else f"{days} days"
            letter = DisputeDue(
                left, money_text(dispute.amount), title_of(payment), _day(dispute.due_at), str(dispute.id)
            )
            _send(session, letter, key=f"dispute_due:{dispute.id}:{days}")
    return len(due)


def _send(session: Session, letter: Letter, *, key: str) -> None:
    for address in addresses_of(session, _TO):
        mail.enqueue(session, letter, to=address, key=f"{key}:{address}")


def _day(at: datetime | None) -> str:
    return f"{at:%d %B %Y, %H:%M} UTC" if at else "soon"
