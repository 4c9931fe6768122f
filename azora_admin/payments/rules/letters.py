"""What payers and finance are told by mail about money. One with a ``document_id`` brings that document along. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from azora_admin.core.letters import Letter


@dataclass(frozen=True, slots=True)
class ReceiptLetter(Letter):
    """The payment completed."""

    kind: ClassVar[str] = "receipt"
    amount: str
    title: str
    document_id: str


@dataclass(frozen=True, slots=True)
class DocumentAgain(Letter):
    """Somebody asked for a document once more; ``what`` is its kind and number."""

    kind: ClassVar[str] = "document_again"
    what: str
    amount: str
    title: str
    document_id: str


@dataclass(frozen=True, slots=True)
class RefundRequested(Letter):
    """A request has come, and a person looks at it."""

    kind: ClassVar[str] = "refund_requested"
    amount: str
    title: str
    payment_id: str


@dataclass(frozen=True, slots=True)
class RefundDeclined(Letter):
    """A request was declined, and why."""

    kind: ClassVar[str] = "refund_declined"
    amount: str
    title: str
    why: str
    payment_id: str


@dataclass(frozen=True, slots=True)
class Refunded(Letter):
    """The money has left; ``method`` is where it goes."""

    kind: ClassVar[str] = "refunded"
    amount: str
    title: str
    method: str
    document_id: str


@dataclass(frozen=True, slots=True)
class RefundFailed(Letter):
    """The money that somebody asked for could not be sent."""

    kind: ClassVar[str] = "refund_failed"
    amount: str
    title: str
    payment_id: str


@dataclass(frozen=True, slots=True)
class DisputeOpened(Letter):
    """To finance: a payer's bank asks for a payment, or inquires about it; ``what`` says which."""

    kind: ClassVar[str] = "dispute_opened"
    what: str
    amount: str
    title: str
    due: str
    dispute_id: str


@dataclass(frozen=True, slots=True)
class DisputeDue(Letter):
    """To finance: the time to answer is running out."""

    kind: ClassVar[str] = "dispute_due"
    days: str
    amount: str
    title: str
    due: str
    dispute_id: str


@dataclass(frozen=True, slots=True)
class FraudWarned(Letter):
    """To finance: a bank suspects fraud; ``advice`` says what we suggest."""

    kind: ClassVar[str] = "fraud_warned"
    amount: str
    title: str
    advice: str
    payment_id: str


@dataclass(frozen=True, slots=True)
class PaymentNeedsYou(Letter):
    """To a payer who was not there when the bank wanted them: the payment waits for their word."""

    kind: ClassVar[str] = "payment_needs_you"
    amount: str
    title: str
    payment_id: str


@dataclass(frozen=True, slots=True)
class RefundCameBack(Letter):
    """The money had left, and the bank sent it back: its credit note is cancelled."""

    kind: ClassVar[str] = "refund_came_back"
    amount: str
    title: str
    payment_id: str
    document_id: str
