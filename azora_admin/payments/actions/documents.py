"""Writing documents: in the transaction of what they tell of, one for each fact, never changed after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import DocumentId, PaymentId, RefundId, new_id
from azora_admin.core.money import Money
from azora_admin.payments.rules import documents as rules
from azora_admin.payments.rules.documents import (
    CANCELLATION,
    CREDIT_NOTE,
    RECEIPT,
    Buyer,
    Content,
    Line,
    SellerWords,
)
from azora_admin.payments.tables import Document, Payment, Refund, Seller

_SELLER: Final = "azora"


@dataclass(frozen=True, slots=True)
class Written:
    """A document that was just written; ``what``: the thing that was paid for."""

    id: DocumentId
    kind: str
    total: Money
    what: str


def write_receipt(
    session: Session, payment_id: PaymentId, *, buyer: Buyer, paid_at: datetime
) -> Written | None:
    """The receipt of a payment that just completed; None when it has one."""
    payment = session.execute(
        select(
            Payment.amount_minor,
            Payment.currency,
            Payment.description,
            Payment.method_brand,
            Payment.method_last4,
        ).where(Payment.id == payment_id)
    ).one()
    content = Content(
        seller=seller_words(session),
        buyer=buyer,
        lines=[Line(payment.description, payment.amount_minor)],
        method_brand=payment.method_brand,
        method_last4=payment.method_last4,
        paid_at=paid_at,
    )
    total = Money(payment.amount_minor, payment.currency)
    return _write(session, RECEIPT, total, rules.as_json(content), payment_id=payment_id)


def write_credit_note(session: Session, refund_id: RefundId) -> Written | None:
    """The credit note of a refund that just arrived, to whom the receipt went; None when it has one."""
    refund = session.execute(
        select(Refund.payment_id, Refund.amount_minor, Refund.currency).where(Refund.id == refund_id)
    ).one()
    receipt = session.execute(
        select(Document.id, Document.content).where(
            Document.payment_id == refund.payment_id, Document.kind == RECEIPT
        )
    ).one()
    paid = rules.from_json(receipt.content)
    content = replace(paid, lines=[Line(paid.lines[0].text, refund.amount_minor)])
    return _write(
        session,
        CREDIT_NOTE,
        Money(refund.amount_minor, refund.currency),
        rules.as_json(content),
        payment_id=PaymentId(refund.payment_id),
        refund_id=refund_id,
        refers_to=receipt.id,
    )


def cancel_credit_note(session: Session, refund_id: RefundId) -> Written | None:
    """The cancellation of a credit note whose refund came back; None when there is none, or it is cancelled."""
    note = session.execute(
        select(
            Document.id, Document.payment_id, Document.total_minor, Document.currency, Document.content
        ).where(Document.refund_id == refund_id, Document.kind == CREDIT_NOTE)
    ).one_or_none()
    if note is None:
        return None
    return _write(
        session,
        CANCELLATION,
        Money(note.total_minor, note.currency),
        note.content,
        payment_id=PaymentId(note.payment_id),
        refund_id=refund_id,
        refers_to=note.id,
    )


def seller_words(session: Session) -> SellerWords:
    """Who sells, as a document written now names them."""
    row = session.execute(
        select(Seller.name, Seller.address, Seller.tax_id, Seller.email).where(Seller.code == _SELLER)
    ).one()
    return SellerWords(*row)


def name_seller(session: Session, words: SellerWords) -> SellerWords:
    """Have documents name the seller so from now on. Returns the words until now; what was written keeps them."""
    before = seller_words(session)
    session.execute(
        update(Seller)
        .where(Seller.code == _SELLER)
        .values(
            name=words.name,
            address=words.address,
            tax_id=words.tax_id,
            email=words.email,
            changed_at=clock.now(),
        )
    )
    return before


def _write(
    session: Session, kind: str, total: Money, content: dict[str, Any], **about: Any
) -> Written | None:
    """One document of each kind for each fact: the database's unique indexes say so."""
    now = clock.now()
    written = session.scalar(
        insert(Document)
        .values(
            id=new_id(),
            kind=kind,
            seller_code=_SELLER,
            series=rules.series_of(kind, now),
            currency=total.currency,
            total_minor=total.amount,
            tax_minor=0,
            issued_at=now,
            content=content,
            **about,
        )
        .on_conflict_do_nothing()
        .returning(Document.id)
    )
    if written is None:
        return None
    return Written(DocumentId(written), kind, total, content["lines"][0]["text"])
