"""What became of each try of an event, how far Stripe's own list was read, and what the inspector looks up by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE inbox_event
          ADD brought_by text NOT NULL DEFAULT 'webhook',
          ADD CONSTRAINT ck_inbox_event_brought_by_known CHECK (brought_by IN ('webhook', 'backfill')),
          DROP CONSTRAINT ck_inbox_event_state_known,
          DROP CONSTRAINT ck_inbox_event_handled_has_time,
          ADD CONSTRAINT ck_inbox_event_state_known
            CHECK (state IN ('received', 'handled', 'ignored', 'parked', 'left')),
          ADD CONSTRAINT ck_inbox_event_handled_has_time
            CHECK ((state IN ('handled', 'ignored', 'left')) = (handled_at IS NOT NULL))
        """
    )
    op.create_table(
        "inbox_attempt",
        sa.Column("event_id", sa.Text, sa.ForeignKey("inbox_event.id"), nullable=False),
        sa.Column("number", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("by_name", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("event_id", "number"),
        sa.CheckConstraint(
            "outcome IN ('handled', 'ignored', 'failed', 'parked', 'replayed', 'left')", name="outcome_known"
        ),
    )
    op.create_table(
        "stripe_cursor",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("read_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_until", sa.DateTime(timezone=True)),
        sa.Column("after_id", sa.Text),
        sa.Column("succeeded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True)),
        sa.Column("last_error", sa.Text),
        sa.CheckConstraint("after_id IS NULL OR window_until IS NOT NULL", name="page_of_a_window"),
    )
    for name, columns, condition in (
        ("recent", "received_at, id", "true"),
        ("type", "type, received_at, id", "true"),
        # Nearly all are handled: those are found by their time alone.
        ("state", "state, received_at, id", "state <> 'handled'"),
        ("backfill", "received_at, id", "brought_by = 'backfill'"),
    ):
        op.execute(f"CREATE INDEX ix_inbox_event_{name} ON inbox_event ({columns}) WHERE {condition}")
    # What an event caused. A cause may name more behind a space.
    for table in ("ledger_entry", "payment_change"):
        op.execute(
            f"CREATE INDEX ix_{table}_event ON {table} (split_part(cause, ' ', 1)) WHERE cause LIKE 'stripe:%'"
        )
