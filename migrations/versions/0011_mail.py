"""Mails that go out, and the demo's mailbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("to_address", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("letter", postgresql.JSONB),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed', 'parked')", name="state_known"),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        sa.CheckConstraint(
            "(state IN ('queued', 'parked')) = (letter IS NOT NULL)", name="letter_while_open"
        ),
    )
    for name, column, states in (
        ("open", "next_try_at", "state = 'queued'"),
        ("parked", "created_at", "state = 'parked'"),
        ("done", "created_at", "state IN ('sent', 'failed')"),
    ):
        op.create_index(f"ix_mail_{name}", "mail", [column], postgresql_where=states)
    op.create_table(
        "mailbox_mail",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("to_address", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_mailbox_mail_delivered_at", "mailbox_mail", ["delivered_at", "id"])
    op.create_index("ix_mailbox_mail_to_address", "mailbox_mail", ["to_address", "delivered_at"])
