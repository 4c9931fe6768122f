"""Version 1 of the API: one module a resource."""

from __future__ import annotations

from flask import Blueprint

from azora_admin.api.v1 import (
    auth,
    contract,
    courses,
    credentials,
    disputes,
    documents,
    enrollments,
    explain,
    instructor,
    links,
    me,
    methods,
    paying,
    payments,
    refund_requests,
    refunds,
    users,
)
from azora_admin.core.config import Settings
from azora_admin.gateways.stripe.client import StripeConnection


def blueprint(settings: Settings, stripe: StripeConnection) -> Blueprint:
    """All of /api/v1."""
    v1 = Blueprint("api_v1", __name__, url_prefix="/api/v1")
    for part in (
        users.blueprint(),
        auth.blueprint(),
        links.blueprint(),
        courses.shelf(),
        courses.purchases(settings, stripe),
        enrollments.blueprint(),
        paying.blueprint(),
        methods.blueprint(),
        payments.blueprint(),
        refunds.blueprint(),
        refund_requests.blueprint(),
        documents.blueprint(),
        disputes.blueprint(),
        me.blueprint(),
        credentials.blueprint(),
        instructor.blueprint(),
        explain.blueprint(),
        contract.blueprint(),
    ):
        v1.register_blueprint(part)
    return v1
