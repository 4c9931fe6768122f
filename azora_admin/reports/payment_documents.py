"""The documents of payments, as lists of them show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.ids import DocumentId, PaymentId
from azora_admin.core.money import Money
from azora_admin.payments.rules.documents import TITLES, number_text
from azora_admin.payments.tables import Document


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document; ``issued_on`` in UTC."""

    id: DocumentId
    payment_id: PaymentId
    title: str
    number: str
    total: Money
    issued_on: date


def document_rows(session: Session, payment_ids: Sequence[PaymentId]) -> Sequence[DocumentRow]:
    """Every document of the payments, oldest first. One statement."""
    rows = session.execute(
        select(
            Document.id,
            Document.payment_id,
            Document.kind,
            Document.series,
            Document.number,
            Document.total_minor,
            Document.currency,
            Document.issued_at,
        )
        .where(Document.payment_id.in_(payment_ids))
        .order_by(Document.issued_at, Document.id)
    ).all()
    return [
        DocumentRow(
            id=DocumentId(row.id),
            payment_id=PaymentId(row.payment_id),
            title=TITLES[row.kind],
            number=number_text(row.series, row.number),
            total=Money(row.total_minor, row.currency),
            issued_on=row.issued_at.date(),
        )
        for row in rows
    ]
