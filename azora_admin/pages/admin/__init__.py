"""Pages of the staff: administrators, finance and support."""

from __future__ import annotations

from flask import Blueprint

from azora_admin.identity.rules import STAFF
from azora_admin.web import guards

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
guards.guard(blueprint, roles=STAFF)

from azora_admin.pages.admin import (  # noqa: E402, F401  # they add their routes
    answer_dispute,
    audit,
    bulk_refunds,
    disputes,
    documents,
    entries,
    events,
    jobs,
    machines,
    outgoing,
    overview,
    payment_exports,
    payments,
    people,
    permissions,
    person,
    reconciliation,
    refund,
    refund_policy,
    refund_requests,
    refunds,
    turning_down,
)
