"""A dispute's shape: what a new one looks like, what evidence holds, and how parameters change it."""

from __future__ import annotations

from typing import Final

from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.params import Group, Text

FILES: Final = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)
_TEXTS: Final = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
)
LONGEST_TEXT: Final = 20_000
LONGEST_IN_ALL: Final = 150_000
# Appeals and the networks' enhanced evidence are not served: naming them is refused.
EVIDENCE: Final = Group(
    {name: Text(clearable=True, longest=LONGEST_TEXT) for name in (*_TEXTS, *FILES)}, clearable=True
)
REASONS: Final = (
    "bank_cannot_process",
    "check_returned",
    "credit_not_processed",
    "customer_initiated",
    "debit_not_authorized",
    "duplicate",
    "fraudulent",
    "general",
    "incorrect_account_details",
    "insufficient_funds",
    "noncompliant",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
)
_NETWORK_CODES: Final = {"fraudulent": "10.4", "product_not_received": "13.1", "duplicate": "12.6.1"}


def dispute_shape(charge: Json, *, amount: int, reason: str, is_inquiry: bool, due_by: int) -> Json:
    """A new dispute of ``charge`` before any money moved."""
    code = _NETWORK_CODES.get(reason, "13.3")
    brand = charge["payment_method_details"]["card"]["brand"]
    return {
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": dict.fromkeys((*_TEXTS, *FILES)) | {"appeal": None, "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": is_inquiry,
        "metadata": {},
        "network_reason_code": code,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": brand,
                "case_type": "inquiry" if is_inquiry else "chargeback",
                "network": brand,
                "network_reason_code": code,
            },
            "type": "card",
        },
        "reason": reason,
        "status": "warning_needs_response" if is_inquiry else "needs_response",
    }
