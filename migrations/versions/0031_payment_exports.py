"""Exports of payments: asked for, their ids frozen in parts, each part written once, gone after a week."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "payment_export",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("requested_by", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("filters", JSONB, nullable=False),
        _time("requested_at", nullable=False),
        _time("frozen_at"),
        _time("progressed_at", nullable=False),
        _time("finished_at"),
        sa.Column("lines", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("parts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("parts_written", sa.Integer, nullable=False, server_default="0"),
        sa.Column("size", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("totals", JSONB),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'ready', 'expired', 'failed')", name="state_known"
        ),
        sa.CheckConstraint("(state = 'waiting') = (frozen_at IS NULL)", name="frozen_once"),
        sa.CheckConstraint(
            "(state IN ('ready', 'expired', 'failed')) = (finished_at IS NOT NULL)", name="finished_has_time"
        ),
        sa.CheckConstraint("(state IN ('ready', 'expired')) = (totals IS NOT NULL)", name="ready_has_totals"),
        sa.CheckConstraint(
            "parts_written <= parts AND (state <> 'ready' OR parts_written = parts)", name="ready_is_whole"
        ),
    )
    op.create_index("ix_payment_export_recent", "payment_export", ["requested_at", "id"])
    op.create_index("ix_payment_export_own", "payment_export", ["requested_by", "requested_at", "id"])
    op.create_index(
        "ix_payment_export_open",
        "payment_export",
        ["progressed_at"],
        postgresql_where="state IN ('waiting', 'running')",
    )
    op.create_index(
        "ix_payment_export_ready", "payment_export", ["finished_at"], postgresql_where="state = 'ready'"
    )
    op.create_table(
        "payment_export_part",
        sa.Column("export_id", sa.Uuid, sa.ForeignKey("payment_export.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("payment_ids", ARRAY(sa.Uuid), nullable=False),
        sa.Column("body", sa.LargeBinary),
        sa.Column("totals", JSONB),
        sa.CheckConstraint("(body IS NULL) = (totals IS NULL)", name="written_has_totals"),
    )
