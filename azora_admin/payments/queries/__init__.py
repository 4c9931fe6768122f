"""Reading payments, refunds and documents."""

from azora_admin.payments.queries.documents import DocumentView, documents_of, get_document, get_receipt
from azora_admin.payments.queries.payments import (
    PaymentView,
    find_by_intent,
    find_by_request,
    find_customer_id,
    find_live_purchase,
    get_payment,
    list_payments,
)
from azora_admin.payments.queries.refunds import RefundView, get_refund, refunds_of

__all__ = [
    "DocumentView",
    "PaymentView",
    "RefundView",
    "documents_of",
    "find_by_intent",
    "find_by_request",
    "find_customer_id",
    "find_live_purchase",
    "get_document",
    "get_payment",
    "get_receipt",
    "get_refund",
    "list_payments",
    "refunds_of",
]
