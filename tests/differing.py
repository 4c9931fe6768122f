"""One difference, as reconciliation finds it: a line of Stripe's statement that the book knows nothing of."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from azora_admin.core import clock, db
from azora_admin.flows.reconciling import compare_what_is_due
from azora_admin.gateways.stripe.balance import ListedTransaction
from azora_admin.reconciliation.actions.statement import keep_lines
from azora_admin.reconciliation.tables import ReconciliationDifference


def differ(source: str) -> UUID:
    """A refund called ``source`` that Stripe made two hours ago. Returns the difference's id."""
    at = clock.now() - timedelta(hours=2)
    line = ListedTransaction(
        id=f"txn_{source}",
        type="refund",
        reporting_category="refund",
        source_id=source,
        charge_id=None,
        amount=-4900,
        fee=0,
        currency="usd",
        is_readable=True,
        exchange_rate=None,
        created_at=at,
        available_at=at,
    )
    with db.transaction() as session:
        keep_lines(session, [line])
    compare_what_is_due()
    with db.reading() as session:
        return session.scalars(
            select(ReconciliationDifference.id).where(ReconciliationDifference.source == source)
        ).one()
