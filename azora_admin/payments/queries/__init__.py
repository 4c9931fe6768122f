"""Reading payments, refunds and documents."""

from azora_admin.payments.queries.disputes import (
    DisputeFilter,
    DisputeView,
    disputes_of,
    disputes_to_answer,
    get_dispute,
    list_disputes,
)
from azora_admin.payments.queries.documents import DocumentView, documents_of, get_document, get_receipt
from azora_admin.payments.queries.payments import (
    PaymentView,
    find_by_intent,
    find_by_request,
    find_customer_id,
    find_live_purchase,
    get_payment,
    list_payments,
    method_words,
)
from azora_admin.payments.queries.refund_policies import policy_in_force
from azora_admin.payments.queries.refund_requests import (
    RefundRequestView,
    find_request_of_refund,
    get_request,
    has_open_request,
    list_requests,
    requests_of,
)
from azora_admin.payments.queries.refunds import RefundView, get_refund, refunds_of

__all__ = [
    "DisputeFilter",
    "DisputeView",
    "DocumentView",
    "PaymentView",
    "RefundRequestView",
    "RefundView",
    "disputes_of",
    "disputes_to_answer",
    "documents_of",
    "find_by_intent",
    "find_by_request",
    "find_customer_id",
    "find_live_purchase",
    "find_request_of_refund",
    "get_dispute",
    "get_document",
    "get_payment",
    "get_receipt",
    "get_refund",
    "get_request",
    "has_open_request",
    "list_disputes",
    "list_payments",
    "list_requests",
    "method_words",
    "policy_in_force",
    "refunds_of",
    "requests_of",
]
