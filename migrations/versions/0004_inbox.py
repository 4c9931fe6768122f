"""The inbox of events from outside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbox_event",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("object_id", sa.Text, nullable=False),
        sa.Column("api_version", sa.Text, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('received', 'handled', 'ignored', 'parked')", name="state_known"),
        sa.CheckConstraint(
            "(state IN ('handled', 'ignored')) = (handled_at IS NOT NULL)", name="handled_has_time"
        ),
    )
    op.create_index(
        "ix_inbox_event_open", "inbox_event", ["next_try_at"], postgresql_where="state = 'received'"
    )
    op.create_index(
        "ix_inbox_event_parked", "inbox_event", ["received_at"], postgresql_where="state = 'parked'"
    )
    op.create_index("ix_inbox_event_object", "inbox_event", ["object_id", "created_at"])
