"""Tables of payments that somebody wants as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class PaymentExport(Base):
    """Payments that somebody wants as a file. ``filters`` are the list's; its lines are frozen in parts.

    ``totals`` are sums per currency, by the lines and by the book. ``progressed_at``: when a worker last did something.
    """

    __tablename__ = "payment_export"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(Text)
    filters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    frozen_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    progressed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lines: Mapped[int] = mapped_column(BigInteger)
    parts: Mapped[int] = mapped_column(Integer)
    parts_written: Mapped[int] = mapped_column(Integer)
    size: Mapped[int] = mapped_column(BigInteger)
    totals: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class PaymentExportPart(Base):
    """A thousand of the payments, in the order of the file; ``body`` is their lines, written once."""

    __tablename__ = "payment_export_part"

    export_id: Mapped[UUID] = mapped_column(ForeignKey("payment_export.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    payment_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    totals: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
