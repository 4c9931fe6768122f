"""What was agreed to is kept: a hash of the lines of each payment of a bulk refund."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("bulk_refund_item", sa.Column("legs_hash", sa.LargeBinary))
