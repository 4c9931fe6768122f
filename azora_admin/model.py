"""The one SQLAlchemy model: every ``tables.py``, gathered for Alembic, the shell and the tests."""

from azora_admin.core.db import Base
from azora_admin.identity import tables as identity_tables
from azora_admin.ledger import tables as ledger_tables
from azora_admin.marketplace import tables as marketplace_tables
from azora_admin.messaging import tables as messaging_tables
from azora_admin.payments import tables as payments_tables
from azora_admin.reconciliation import tables as reconciliation_tables

metadata = Base.metadata

__all__ = [
    "identity_tables",
    "ledger_tables",
    "marketplace_tables",
    "messaging_tables",
    "metadata",
    "payments_tables",
    "reconciliation_tables",
]
