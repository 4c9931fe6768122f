"""The audit log, as the model sees it. Its law is in migration 0012, its indexes in 0019; ``actions`` add to it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class AuditEntry(Base):
    """Who changed what, why, and how it was before and after. No foreign keys: it outlives what it speaks of.

    ``recorded_at`` is the database's own time. ``before`` and ``after`` are kept as the very text that was hashed.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        CheckConstraint(r"act ~ '^[a-z_]+(\.[a-z_]+)+$'", name="act_form"),
        CheckConstraint("subject_kind ~ '^[a-z_]+$' AND subject_id <> ''", name="subject_form"),
        CheckConstraint("via IN ('page', 'api', 'command', 'job')", name="via_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    act: Mapped[str] = mapped_column(Text)
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str] = mapped_column(Text)
    subject_label: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    actor_name: Mapped[str] = mapped_column(Text)
    key_id: Mapped[UUID | None]
    via: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    before: Mapped[Any | None] = mapped_column(JSON)
    after: Mapped[Any | None] = mapped_column(JSON)


class AuditHead(Base):
    """The end of one of a day's sixteen chains; a sealed one takes no further entry."""

    __tablename__ = "audit_head"
    __table_args__ = (
        CheckConstraint("chain BETWEEN 0 AND 15", name="chain_known"),
        CheckConstraint("(number = 0) = (hash IS NULL) AND number >= 0", name="hash_of_last"),
    )

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    chain: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed: Mapped[bool]


class AuditLink(Base):
    """Where an entry stands in its chain; its hash covers the entry and the hash before it."""

    __tablename__ = "audit_link"
    __table_args__ = (UniqueConstraint("day", "chain", "number"),)

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    chain: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditSeal(Base):
    """What closes a day: a digest of its heads, chained to the seal of the day before."""

    __tablename__ = "audit_seal"
    # One first seal, and one after each other: a chain.
    __table_args__ = (UniqueConstraint("previous", postgresql_nulls_not_distinct=True),)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    entries: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class AuditMark(Base):
    """The application's mark on a seal: whoever has the database alone can't make another one."""

    __tablename__ = "audit_mark"

    day: Mapped[date] = mapped_column(ForeignKey("audit_seal.day"), primary_key=True)
    key_id: Mapped[str] = mapped_column(Text, primary_key=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary)
