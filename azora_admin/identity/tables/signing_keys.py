"""Keys that sign access tokens."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class SigningKeyRow(Base):
    """One key pair; its private half is sealed with AZORA_SECRET_KEY and tied to this row."""

    __tablename__ = "signing_key"
    __table_args__ = (
        CheckConstraint("algorithm = 'ES256'", name="algorithm_known"),
        CheckConstraint("retired_at >= active_from", name="begins_before_it_ends"),
    )

    kid: Mapped[str] = mapped_column(Text, primary_key=True)
    algorithm: Mapped[str] = mapped_column(Text)
    private_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    active_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
