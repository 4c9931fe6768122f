"""Apps that are signed in, and the tokens that keep them so."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class RefreshFamily(Base):
    """One app that signed in; ``generation`` is that of its newest token."""

    __tablename__ = "refresh_family"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="end_has_reason"),
        CheckConstraint(
            "end_reason IN ('revoked', 'ended', 'reused', 'password_changed', 'crowded')", name="reason_known"
        ),
        Index("ix_refresh_family_live", "person_id", "last_used_at", postgresql_where="ended_at IS NULL"),
        Index("ix_refresh_family_reused", "person_id", "ended_at", postgresql_where="end_reason = 'reused'"),
        Index("ix_refresh_family_last_used_at", "last_used_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    generation: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)
    user_agent: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)


class RefreshToken(Base):
    """One token of a family; only its hash is kept. The newest one is not spent, all before it are."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        CheckConstraint("octet_length(token_hash) = 32", name="hash_is_sha256"),
        Index("uq_refresh_token_family_id", "family_id", "generation", unique=True),
        Index("ix_refresh_token_created_at", "created_at", postgresql_using="brin"),
    )

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    family_id: Mapped[UUID] = mapped_column(ForeignKey("refresh_family.id", ondelete="CASCADE"))
    generation: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    spent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
