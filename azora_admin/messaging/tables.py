"""The inbox of events from outside."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class InboxEvent(Base):
    """One event that the outside told us, kept as it came (raw bytes), handled once."""

    __tablename__ = "inbox_event"
    __table_args__ = (
        CheckConstraint("state IN ('received', 'handled', 'ignored', 'parked')", name="state_known"),
        CheckConstraint(
            "(state IN ('handled', 'ignored')) = (handled_at IS NOT NULL)", name="handled_has_time"
        ),
        Index("ix_inbox_event_open", "next_try_at", postgresql_where="state = 'received'"),
        Index("ix_inbox_event_parked", "received_at", postgresql_where="state = 'parked'"),
        Index("ix_inbox_event_object", "object_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    object_id: Mapped[str] = mapped_column(Text)
    api_version: Mapped[str] = mapped_column(Text)
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    next_try_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    handled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
