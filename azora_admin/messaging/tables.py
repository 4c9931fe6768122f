"""The inbox of events and how far their list was read, the replies to requests with a key, the mails that go out."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class InboxEvent(Base):
    """One event that the outside told us, kept as it came (raw bytes), handled once."""

    __tablename__ = "inbox_event"
    __table_args__ = (
        CheckConstraint("state IN ('received', 'handled', 'ignored', 'parked', 'left')", name="state_known"),
        CheckConstraint(
            "(state IN ('handled', 'ignored', 'left')) = (handled_at IS NOT NULL)", name="handled_has_time"
        ),
        CheckConstraint("brought_by IN ('webhook', 'backfill')", name="brought_by_known"),
        Index("ix_inbox_event_recent", "received_at", "id"),
        Index("ix_inbox_event_type", "type", "received_at", "id"),
        Index("ix_inbox_event_state", "state", "received_at", "id", postgresql_where="state <> 'handled'"),
        Index("ix_inbox_event_backfill", "received_at", "id", postgresql_where="brought_by = 'backfill'"),
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
    brought_by: Mapped[str] = mapped_column(Text, server_default="webhook")


class InboxAttempt(Base):
    """A step in an event's life: a try and its outcome, or what a person decided (``by_name``, ``reason``).

    Only ever added; of one event, ``number`` grows with time.
    """

    __tablename__ = "inbox_attempt"
    __table_args__ = (
        CheckConstraint(
            "outcome IN ('handled', 'ignored', 'failed', 'parked', 'replayed', 'left')", name="outcome_known"
        ),
    )

    event_id: Mapped[str] = mapped_column(ForeignKey("inbox_event.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    by_name: Mapped[str] = mapped_column(Text, server_default="")


class StripeCursor(Base):
    """How far a list of Stripe's was read: whole up to ``read_until``, and beyond it down to ``after_id``.

    ``window_until`` is the end of the window that is being read, newest first, while there is one.
    """

    __tablename__ = "stripe_cursor"
    __table_args__ = (
        CheckConstraint("after_id IS NULL OR window_until IS NOT NULL", name="page_of_a_window"),
    )

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    read_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    window_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    after_id: Mapped[str | None] = mapped_column(Text)
    succeeded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    failed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_error: Mapped[str | None] = mapped_column(Text)


class Reply(Base):
    """A request that bore an idempotency key: claimed while ``status`` is null, answered for good after it."""

    __tablename__ = "reply"
    __table_args__ = (
        CheckConstraint("length(key) BETWEEN 1 AND 255", name="key_length"),
        CheckConstraint("(status IS NULL) = (answered_at IS NULL)", name="answered_has_time"),
        CheckConstraint("(status IS NULL) = (body IS NULL)", name="answered_has_body"),
        Index("ix_reply_created_at", "created_at"),
    )

    principal: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    attempt: Mapped[UUID]
    lease_until: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    status: Mapped[int | None] = mapped_column(Integer)
    headers: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Mail(Base):
    """One mail that is to go out, put beside the fact it tells of. ``key`` names that fact: a mail is never doubled.

    ``letter`` holds the letter's fields until the mail is sent or refused, then nothing. ``taken_until``: a worker is
    sending it right now, or died while it did.
    """

    __tablename__ = "mail"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'sent', 'failed', 'parked')", name="state_known"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        CheckConstraint("(state IN ('queued', 'parked')) = (letter IS NOT NULL)", name="letter_while_open"),
        Index("ix_mail_open", "next_try_at", postgresql_where="state = 'queued'"),
        Index("ix_mail_unsent", "state", "created_at", "id", postgresql_where="state <> 'sent'"),
        Index("ix_mail_recent", "created_at", "id"),
        Index("ix_mail_done", "created_at", postgresql_where="state IN ('sent', 'failed')"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    to_address: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    letter: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    key: Mapped[str] = mapped_column(Text, unique=True)
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    next_try_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    taken_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class OutgoingCall(Base):
    """One call by which something was to happen outside, and what became of it. Only ever added.

    ``about`` is our id of what was sent, ``outside_id`` the other side's of the call (Stripe's Request-Id, which its
    support asks for), ``code`` what it said where it refused.
    """

    __tablename__ = "outgoing_call"
    __table_args__ = (
        CheckConstraint("outcome IN ('done', 'refused', 'no_answer')", name="outcome_known"),
        CheckConstraint("milliseconds >= 0", name="milliseconds_not_negative"),
        Index("ix_outgoing_call_about", "about", "at", "id"),
        Index("ix_outgoing_call_outside", "outside_id", postgresql_where="outside_id IS NOT NULL"),
        Index("ix_outgoing_call_key", "idempotency_key", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    kind: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    idempotency_key: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(Text)
    outside_id: Mapped[str | None] = mapped_column(Text)
    milliseconds: Mapped[int] = mapped_column(Integer)


class MailboxMail(Base):
    """A mail as it arrived in the demo's mailbox."""

    __tablename__ = "mailbox_mail"
    __table_args__ = (
        Index("ix_mailbox_mail_delivered_at", "delivered_at", "id"),
        Index("ix_mailbox_mail_to_address", "to_address", "delivered_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    to_address: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    delivered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
