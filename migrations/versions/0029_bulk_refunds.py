"""Many refunds asked for at once, and what became of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _runs()
    _items()


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _runs() -> None:
    op.create_table(
        "bulk_refund",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("requested_by", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("item_count", sa.Integer, nullable=False),
        sa.Column("needs_approval", sa.Boolean, nullable=False),
        sa.Column("approved_by", sa.Uuid, sa.ForeignKey("person.id")),
        sa.Column("ended_by", sa.Uuid, sa.ForeignKey("person.id")),
        sa.Column("why_ended", sa.Text),
        _time("requested_at", nullable=False),
        _time("ended_at"),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'cancelled', 'turned_down')", name="state_known"
        ),
        sa.CheckConstraint("item_count > 0", name="has_items"),
        sa.CheckConstraint("length(note) <= 500", name="note_length"),
        sa.CheckConstraint("approved_by <> requested_by", name="approved_by_another"),
        sa.CheckConstraint(
            "NOT needs_approval OR approved_by IS NOT NULL OR state IN ('waiting', 'cancelled', 'turned_down')",
            name="approved_before_it_runs",
        ),
        sa.CheckConstraint("(state IN ('waiting', 'running')) = (ended_at IS NULL)", name="end_has_time"),
        sa.CheckConstraint("state <> 'turned_down' OR why_ended IS NOT NULL", name="turned_down_has_reason"),
    )
    op.create_index("ix_bulk_refund_recent", "bulk_refund", ["requested_at", "id"])


def _items() -> None:
    op.create_table(
        "bulk_refund_item",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("bulk_refund_id", sa.Uuid, sa.ForeignKey("bulk_refund.id"), nullable=False),
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payment.id"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("refund_id", sa.Uuid, sa.ForeignKey("refund.id"), unique=True),
        sa.Column("refusal", sa.Text),
        _time("done_at"),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
        sa.CheckConstraint("currency ~ '^[a-z]{3}$'", name="currency_form"),
        sa.CheckConstraint("state IN ('queued', 'made', 'refused', 'cancelled')", name="state_known"),
        sa.CheckConstraint("(state = 'made') = (refund_id IS NOT NULL)", name="made_has_refund"),
        sa.CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refused_has_reason"),
        sa.CheckConstraint("(state = 'queued') = (done_at IS NULL)", name="end_has_time"),
        sa.UniqueConstraint("bulk_refund_id", "payment_id"),
    )
    op.create_index("ix_bulk_refund_item_run", "bulk_refund_item", ["bulk_refund_id", "id"])
    op.create_index(
        "ix_bulk_refund_item_queued",
        "bulk_refund_item",
        ["bulk_refund_id", "id"],
        postgresql_where="state = 'queued'",
    )
