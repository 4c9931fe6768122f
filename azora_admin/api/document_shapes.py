"""What answers about documents look like."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from azora_admin.api.schemas import one_of
from azora_admin.api.shapes import Currency, MinorUnits, Shape, such_as
from azora_admin.core.ids import DocumentId, PaymentId, RefundId
from azora_admin.payments.rules.documents import KINDS as DOCUMENT_KINDS


class DocumentParty(Shape):
    """Who sells, or who buys, as they were called then."""

    name: str
    email: str


class DocumentSeller(DocumentParty):
    """Who sells; `address` has lines."""

    address: str
    tax_id: str


class DocumentLine(Shape):
    """One thing that was sold, or is given back; its amount has its tax in it."""

    text: str
    amount: MinorUnits


class Document(Shape):
    """A receipt, a credit note, or the cancellation of one whose refund came back. It never changes."""

    id: DocumentId
    kind: Annotated[str, one_of(DOCUMENT_KINDS)]
    number: Annotated[str, such_as("R-2026-000123")]
    """Counted without gaps for each kind and year."""
    payment_id: PaymentId
    refund_id: RefundId | None
    refers_to: Annotated[str | None, such_as("R-2026-000123")]
    """The number of the document that this one is about."""
    total: MinorUnits
    tax: MinorUnits
    currency: Currency
    seller: DocumentSeller
    buyer: DocumentParty
    lines: list[DocumentLine]
    paid_at: datetime
    issued_at: datetime


class DocumentList(Shape):
    """All documents of a payment, the oldest first."""

    items: list[Document]


class DocumentSent(Shape):
    """A document is on its way by mail."""

    document_id: DocumentId
    to: str
