"""Reading documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import DocumentId, PaymentId, PersonId, RefundId
from azora_admin.core.money import Money
from azora_admin.payments.rules.documents import RECEIPT, Content, from_json, number_text
from azora_admin.payments.tables import Document, Payment

_REFERRED = aliased(Document, name="referred")
# Its whole transaction is committed, or nobody would see it: it has a number.
_COLUMNS = (
    Document.id,
    Document.kind,
    Document.series,
    Document.number,
    Document.payment_id,
    Document.refund_id,
    Document.currency,
    Document.total_minor,
    Document.tax_minor,
    Document.issued_at,
    Document.content,
    Payment.payer_id,
    _REFERRED.series.label("referred_series"),
    _REFERRED.number.label("referred_number"),
)


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document as it was given out. ``refers_to``: the number of the document that it is about."""

    id: DocumentId
    kind: str
    number: str
    payment_id: PaymentId
    refund_id: RefundId | None
    payer_id: PersonId
    refers_to: str | None
    total: Money
    tax: Money
    issued_at: datetime
    content: Content


def get_document(
    session: Session, document_id: DocumentId, *, payer_id: PersonId | None = None
) -> DocumentView:
    """The document; with ``payer_id``, only if it is about that payer's money. Raises NotFound."""
    return _one(session, _documents(payer_id).where(Document.id == document_id))


def get_receipt(session: Session, payment_id: PaymentId, *, payer_id: PersonId | None = None) -> DocumentView:
    """The receipt of a payment; with ``payer_id``, of that payer's only. Raises NotFound: nothing was paid, say."""
    return _one(
        session, _documents(payer_id).where(Document.payment_id == payment_id, Document.kind == RECEIPT)
    )


def documents_of(session: Session, payment_ids: Sequence[PaymentId]) -> list[DocumentView]:
    """Every document of the payments, oldest first."""
    found = session.execute(
        _documents(None).where(Document.payment_id.in_(payment_ids)).order_by(Document.issued_at, Document.id)
    )
    return [_view(row) for row in found]


def _documents(payer_id: PersonId | None) -> Select[*tuple[Any, ...]]:
    statement = (
        select(*_COLUMNS)
        .join(Payment, Payment.id == Document.payment_id)
        .outerjoin(_REFERRED, _REFERRED.id == Document.refers_to)
    )
    return statement if payer_id is None else statement.where(Payment.payer_id == payer_id)


def _one(session: Session, statement: Select[*tuple[Any, ...]]) -> DocumentView:
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound("document_not_found", "There is no such document.")
    return _view(row)


def _view(row: Any) -> DocumentView:
    return DocumentView(
        id=DocumentId(row.id),
        kind=row.kind,
        number=number_text(row.series, row.number),
        payment_id=PaymentId(row.payment_id),
        refund_id=RefundId(row.refund_id) if row.refund_id else None,
        payer_id=PersonId(row.payer_id),
        refers_to=number_text(row.referred_series, row.referred_number) if row.referred_series else None,
        total=Money(row.total_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
        issued_at=row.issued_at,
        content=from_json(row.content),
    )
