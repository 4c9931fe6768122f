"""Tables of reconciliation: Stripe's statement as we have it, the days, the differences and the decisions on them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Computed, Date, DateTime, ForeignKey, Integer, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class BalanceTransaction(Base):
    """One line of Stripe's statement, in minor units of ours; ``day`` is Stripe's, in UTC.

    ``source`` is the object that moved (the transaction itself where there is none), ``charge_id`` the charge behind
    it. Where ``is_readable`` is False, the amounts are Stripe's own integers.
    """

    __tablename__ = "balance_transaction"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    charge_id: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    fee: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    is_readable: Mapped[bool]
    exchange_rate: Mapped[Decimal | None] = mapped_column(Numeric)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    available_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    day: Mapped[date] = mapped_column(
        Date, Computed("((created_at AT TIME ZONE 'UTC')::date)", persisted=True)
    )


class ReconciliationDay(Base):
    """A day in UTC. ``is_due``: something of it changed since it was compared. Sealed: it agreed, and is done."""

    __tablename__ = "reconciliation_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    is_due: Mapped[bool]
    transactions: Mapped[int] = mapped_column(Integer)
    waiting: Mapped[int] = mapped_column(Integer)
    differing: Mapped[int] = mapped_column(Integer)
    compared_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sealed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ReconciliationTotal(Base):
    """What both sides sum to on a day in a currency, in minor units."""

    __tablename__ = "reconciliation_total"

    day: Mapped[date] = mapped_column(ForeignKey("reconciliation_day.day"), primary_key=True)
    currency: Mapped[str] = mapped_column(Text, primary_key=True)
    their_gross: Mapped[int] = mapped_column(BigInteger)
    their_fee: Mapped[int] = mapped_column(BigInteger)
    our_gross: Mapped[int] = mapped_column(BigInteger)
    our_fee: Mapped[int] = mapped_column(BigInteger)


class ReconciliationPlace(Base):
    """Up to which entry the book was looked through; one row."""

    __tablename__ = "reconciliation_place"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    entry_number: Mapped[int] = mapped_column(BigInteger)
    compared_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ReconciliationDifference(Base):
    """A movement whose sides differ, or did; ``theirs`` and ``ours`` are sums per currency (``rules.movements``)."""

    __tablename__ = "reconciliation_difference"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    theirs: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    ours: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    payment_id: Mapped[UUID | None]
    began_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    compared_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    resolved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ReconciliationDecision(Base):
    """What somebody proposed to do about a difference, and what a second person said to it.

    ``legs`` are those that are posted when a correction is approved; an explanation has none.
    """

    __tablename__ = "reconciliation_decision"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    difference_id: Mapped[UUID] = mapped_column(ForeignKey("reconciliation_difference.id"))
    act: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    legs: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    counter: Mapped[str | None] = mapped_column(Text)
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    entry_id: Mapped[UUID | None]
