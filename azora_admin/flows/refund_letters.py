"""Payers hear by mail what becomes of their money, beside the fact and once each."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from azora_admin.core.ids import DocumentId, PaymentId, RefundId, RefundRequestId
from azora_admin.core.letters import Letter
from azora_admin.core.money import Money, money_text
from azora_admin.identity.queries import get_person
from azora_admin.messaging import mail
from azora_admin.payments import queries as payments
from azora_admin.payments.queries import PaymentView
from azora_admin.payments.rules.letters import (
    RefundCameBack,
    RefundDeclined,
    Refunded,
    RefundFailed,
    RefundRequested,
)

_TITLE_LONGEST: Final = 200


def tell_requested(
    session: Session, payment: PaymentView, request_id: RefundRequestId, amount: Money
) -> None:
    """A request waits for a person."""
    letter = RefundRequested(money_text(amount), title_of(payment), str(payment.id))
    _send(session, payment, letter, key=f"refund_requested:{request_id}:open")


def tell_declined(
    session: Session, payment_id: PaymentId, request_id: RefundRequestId, amount: Money, *, why: str
) -> None:
    """A request was declined."""
    payment = payments.get_payment(session, payment_id)
    letter = RefundDeclined(money_text(amount), title_of(payment), why, str(payment.id))
    _send(session, payment, letter, key=f"refund_declined:{request_id}:declined")


def tell_refunded(
    session: Session, payment_id: PaymentId, refund_id: RefundId, amount: Money, credit_note: DocumentId
) -> None:
    """Stripe has paid it."""
    payment = payments.get_payment(session, payment_id)
    method = payments.method_words(session, payment_id)
    letter = Refunded(money_text(amount), title_of(payment), method, str(credit_note))
    _send(session, payment, letter, key=f"refunded:{refund_id}:succeeded")


def tell_failed(
    session: Session,
    payment_id: PaymentId,
    refund_id: RefundId,
    amount: Money,
    cancellation: DocumentId | None,
) -> None:
    """What was announced did not arrive. ``cancellation``: of the credit note that there was already."""
    payment = payments.get_payment(session, payment_id)
    words = (money_text(amount), title_of(payment), str(payment.id))
    letter = RefundCameBack(*words, str(cancellation)) if cancellation else RefundFailed(*words)
    _send(session, payment, letter, key=f"refund_failed:{refund_id}:failed")


def _send(session: Session, payment: PaymentView, letter: Letter, *, key: str) -> None:
    mail.enqueue(session, letter, to=get_person(session, payment.payer_id).email, key=key)


def title_of(payment: PaymentView) -> str:
    """What was bought, fit for a line of a letter."""
    words = " ".join(payment.description.split())
    return "".join(sign for sign in words if sign.isprintable())[:_TITLE_LONGEST]
