"""Tables of what leads to refunds: policies, requests of payers, and runs of many at once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, DateTime, ForeignKey, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class RefundPolicy(Base):
    """When a purchase can be refunded, from ``effective_at`` until the next version; never changed.

    ``most_progress`` is in percent; up to ``automatic_up_to_minor`` (None: never) no person has to look.
    """

    __tablename__ = "refund_policy"

    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    effective_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    days: Mapped[int] = mapped_column(Integer)
    most_progress: Mapped[int] = mapped_column(Integer)
    automatic_up_to_minor: Mapped[int | None] = mapped_column(BigInteger)
    automatic_currency: Mapped[str | None] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))


class RefundRequest(Base):
    """A payer asks for their money back; at most one is open for a payment.

    ``days`` since the purchase, ``progress`` (percent) and the policy's ``verdict`` are those of when it was made.
    """

    __tablename__ = "refund_request"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    days: Mapped[int] = mapped_column(Integer)
    progress: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(Text)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refund.id"), unique=True)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decline_reason: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class BulkRefund(Base):
    """Many refunds agreed to at once; ``needs_approval``: their sum is above what one person may refund alone."""

    __tablename__ = "bulk_refund"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    item_count: Mapped[int] = mapped_column(Integer)
    needs_approval: Mapped[bool] = mapped_column(Boolean)
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    ended_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    why_ended: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class BulkRefundItem(Base):
    """One payment of a run; ``refund_id`` is written in the transaction that reserves its refund, once.

    ``legs_hash``: of the lines that were agreed to (None before they were kept).
    """

    __tablename__ = "bulk_refund_item"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    bulk_refund_id: Mapped[UUID] = mapped_column(ForeignKey("bulk_refund.id"))
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    legs_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refund.id"), unique=True)
    refusal: Mapped[str | None] = mapped_column(Text)
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
