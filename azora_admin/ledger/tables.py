"""Tables of the ledger, as the model sees them. The law on them is in migration 0003; only ``actions`` write them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class LedgerAccountKind(Base):
    """What is true of every account whose key matches the pattern: ``rules.ACCOUNT_KINDS``, in the database."""

    __tablename__ = "ledger_account_kind"

    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    pattern: Mapped[str] = mapped_column(Text, unique=True)
    unit: Mapped[str] = mapped_column(Text)
    side: Mapped[int] = mapped_column(SmallInteger)
    floor_minor: Mapped[int | None] = mapped_column(BigInteger)
    hot: Mapped[bool]


class LedgerAccount(Base):
    """A key and an asset; everything else about it follows from its kind."""

    __tablename__ = "ledger_account"
    __table_args__ = (UniqueConstraint("key", "asset"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(Text)
    asset: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(ForeignKey("ledger_account_kind.kind"))
    side: Mapped[int] = mapped_column(SmallInteger)
    hot: Mapped[bool]
    floor_minor: Mapped[int | None] = mapped_column(BigInteger)


class LedgerBalance(Base):
    """The balance of an account that is not hot, credit-positive; kept by the trigger on legs alone."""

    __tablename__ = "ledger_balance"
    __table_args__ = (CheckConstraint("balance >= floor_minor", name="floor"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"), primary_key=True)
    balance: Mapped[int] = mapped_column(BigInteger)
    floor_minor: Mapped[int | None] = mapped_column(BigInteger)


class LedgerEntry(Base):
    """A fact. ``number`` orders the book and has gaps; ``posted_at`` is the database's own time."""

    __tablename__ = "ledger_entry"
    __table_args__ = (UniqueConstraint("reference", "kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    legs_hash: Mapped[bytes] = mapped_column(LargeBinary)
    cause: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str | None] = mapped_column(Text)
    rule_version: Mapped[str] = mapped_column(Text)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    posted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LedgerLeg(Base):
    """One account's part of an entry, credit-positive. No foreign keys: the trigger checks more."""

    __tablename__ = "ledger_leg"
    __table_args__ = (
        Index("ix_ledger_leg_account", "account_id", "entry_number", postgresql_include=["amount"]),
        Index(
            "ix_ledger_leg_pending",
            "account_id",
            "available_at",
            postgresql_include=["amount"],
            postgresql_where="available_at IS NOT NULL",
        ),
    )

    entry_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    entry_number: Mapped[int] = mapped_column(BigInteger)
    account_id: Mapped[int] = mapped_column(BigInteger)
    asset: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    available_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LedgerSnapshot(Base):
    """A moment of the book: everything up to entry ``number``, to which nothing can be added any more."""

    __tablename__ = "ledger_snapshot"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    taken_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_posted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    entries: Mapped[int] = mapped_column(BigInteger)


class LedgerRollup(Base):
    """The balance of an account at a snapshot; only of accounts that moved since the snapshot before."""

    __tablename__ = "ledger_rollup"

    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"), primary_key=True)
    number: Mapped[int] = mapped_column(ForeignKey("ledger_snapshot.number"), primary_key=True)
    balance: Mapped[int] = mapped_column(BigInteger)


class LedgerSnapshotTotal(Base):
    """The sum of all accounts of a kind and asset at a snapshot: what a trial balance begins with."""

    __tablename__ = "ledger_snapshot_total"

    number: Mapped[int] = mapped_column(ForeignKey("ledger_snapshot.number"), primary_key=True)
    kind: Mapped[str] = mapped_column(ForeignKey("ledger_account_kind.kind"), primary_key=True)
    asset: Mapped[str] = mapped_column(Text, primary_key=True)
    balance: Mapped[int] = mapped_column(BigInteger)


class LedgerPeriod(Base):
    """A closed period: a digest of all its entries, chained to the period before."""

    __tablename__ = "ledger_period"
    # One first period, and one after each other: a chain.
    __table_args__ = (UniqueConstraint("began_at", postgresql_nulls_not_distinct=True),)

    ended_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    began_at: Mapped[datetime | None] = mapped_column(ForeignKey("ledger_period.ended_at"))
    entries: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
