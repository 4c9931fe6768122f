"""Apps that are signed in, and their refresh tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refresh_family",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("end_reason", sa.Text),
        sa.Column("user_agent", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_has_reason"),
        sa.CheckConstraint(
            "end_reason IN ('revoked', 'ended', 'reused', 'password_changed', 'crowded')", name="reason_known"
        ),
    )
    op.create_index(
        "ix_refresh_family_live",
        "refresh_family",
        ["person_id", "last_used_at"],
        postgresql_where="ended_at IS NULL",
    )
    op.create_index(
        "ix_refresh_family_reused",
        "refresh_family",
        ["person_id", "ended_at"],
        postgresql_where="end_reason = 'reused'",
    )
    op.create_index("ix_refresh_family_last_used_at", "refresh_family", ["last_used_at"])
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.LargeBinary, primary_key=True),
        sa.Column(
            "family_id", sa.Uuid, sa.ForeignKey("refresh_family.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("octet_length(token_hash) = 32", name="hash_is_sha256"),
    )
    op.create_index("uq_refresh_token_family_id", "refresh_token", ["family_id", "generation"], unique=True)
    op.create_index("ix_refresh_token_created_at", "refresh_token", ["created_at"], postgresql_using="brin")
