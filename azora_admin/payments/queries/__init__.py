"""Reading payments and refunds."""

from azora_admin.payments.queries.payments import (
    PaymentView,
    find_by_intent,
    find_customer_id,
    find_live_purchase,
    get_payment,
    list_payments,
)
from azora_admin.payments.queries.refunds import RefundView, get_refund, refunds_of

__all__ = [
    "PaymentView",
    "RefundView",
    "find_by_intent",
    "find_customer_id",
    "find_live_purchase",
    "get_payment",
    "get_refund",
    "list_payments",
    "refunds_of",
]
