"""The second factor: authenticator apps, passkeys, recovery codes, and sign-ins under way."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.Uuid, primary_key=True)


def _person(*, index: bool = True, nullable: bool = False) -> sa.Column[object]:
    return sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=nullable, index=index)


def _time(name: str, *, nullable: bool = False, index: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, index=index)


def upgrade() -> None:
    op.add_column("person_session", _time("proved_at", nullable=True))
    op.create_table(
        "authenticator_app",
        _id(),
        _person(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary, nullable=False),
        sa.Column("last_step", sa.BigInteger, nullable=False),
        _time("created_at"),
        _time("last_used_at", nullable=True),
    )
    op.create_table(
        "passkey",
        _id(),
        _person(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("transports", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("is_synced", sa.Boolean, nullable=False),
        _time("created_at"),
        _time("last_used_at", nullable=True),
        sa.CheckConstraint("octet_length(credential_id) BETWEEN 1 AND 1023", name="credential_id_length"),
        sa.CheckConstraint("sign_count >= 0", name="sign_count_counts"),
    )
    op.create_table(
        "recovery_code",
        _id(),
        _person(index=False),
        sa.Column("code_hash", sa.LargeBinary, nullable=False),
        _time("used_at", nullable=True),
        sa.UniqueConstraint("person_id", "code_hash"),
    )
    op.create_table(
        "half_sign_in",
        _id(),
        _person(),
        sa.Column("token_hash", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        _time("expires_at", index=True),
    )
    op.create_table(
        "passkey_challenge",
        _id(),
        _person(index=False, nullable=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("challenge", sa.LargeBinary, nullable=False),
        _time("expires_at", index=True),
        sa.CheckConstraint("purpose IN ('register','second','sign_in','prove')", name="purpose_known"),
    )
