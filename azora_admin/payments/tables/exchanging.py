"""The table of what Stripe settled in another currency than it was paid in."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Numeric, Text
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class Exchange(Base):
    """A balance transaction that is in the book under its own id; see rules/exchange.py. Only ever added."""

    __tablename__ = "exchange"

    stripe_balance_transaction_id: Mapped[str] = mapped_column(Text, primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    presented_minor: Mapped[int] = mapped_column(BigInteger)
    presented_currency: Mapped[str] = mapped_column(Text)
    settled_minor: Mapped[int] = mapped_column(BigInteger)
    settled_currency: Mapped[str] = mapped_column(Text)
    rate: Mapped[Decimal | None] = mapped_column(Numeric)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
