"""What the overview reads by time: settled payments, and the book by the day its facts happened.

Facts come about in the order of their days, so a block range index finds them, and costs a posting next to nothing.
"""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_payment_settled", "payment", ["settled_at"], postgresql_where="status = 'completed'")
    op.create_index("ix_ledger_entry_occurred_at", "ledger_entry", ["occurred_at"], postgresql_using="brin")
