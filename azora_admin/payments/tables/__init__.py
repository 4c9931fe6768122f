"""Tables of payments."""

from azora_admin.payments.tables.exchanging import Exchange
from azora_admin.payments.tables.exporting import PaymentExport, PaymentExportPart
from azora_admin.payments.tables.payments import (
    Customer,
    Dispute,
    DisputeAnswer,
    DisputeChange,
    DisputeMovement,
    Document,
    DocumentSeries,
    FraudWarning,
    MethodSetup,
    Payment,
    PaymentAttempt,
    PaymentChange,
    PaymentMethod,
    Refund,
    Seller,
)
from azora_admin.payments.tables.refunding import BulkRefund, BulkRefundItem, RefundPolicy, RefundRequest

__all__ = [
    "BulkRefund",
    "BulkRefundItem",
    "Customer",
    "Dispute",
    "DisputeAnswer",
    "DisputeChange",
    "DisputeMovement",
    "Document",
    "DocumentSeries",
    "Exchange",
    "FraudWarning",
    "MethodSetup",
    "Payment",
    "PaymentAttempt",
    "PaymentChange",
    "PaymentExport",
    "PaymentExportPart",
    "PaymentMethod",
    "Refund",
    "RefundPolicy",
    "RefundRequest",
    "Seller",
]
