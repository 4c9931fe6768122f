"""Looks through another person's eyes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class Seeing(Base):
    """A staff session that shows pages as ``person_id`` sees them, until then."""

    __tablename__ = "seeing"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("person_session.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
