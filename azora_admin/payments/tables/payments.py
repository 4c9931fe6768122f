"""Tables of payments: the payment, its changes, refunds, disputes and documents, and what a payer has at Stripe."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class Payment(Base):
    """One attempt to take money from a payer for one thing; its row exists before Stripe hears of it.

    ``refunded_minor`` sums its live refunds (reserved, unknown, pending or succeeded) and is kept by a trigger of
    theirs alone, ``withdrawn_minor`` (what banks took of it) by one of the disputes; ``released_at``: when the last of
    it was gone, so that the payer may buy the same again. ``request_key`` is the payer's name for the request;
    ``saves_method``: what it is paid with is kept for the next time; ``parked_at``: since when a person has it not
    asked about.
    """

    __tablename__ = "payment"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payer_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[UUID | None] = mapped_column(ForeignKey("course.id"))
    split_agreement_id: Mapped[UUID | None] = mapped_column(ForeignKey("split_agreement.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    request_key: Mapped[str | None] = mapped_column(Text)
    stripe_payment_intent_id: Mapped[str | None] = mapped_column(Text, unique=True)
    stripe_charge_id: Mapped[str | None] = mapped_column(Text, unique=True)
    method_brand: Mapped[str | None] = mapped_column(Text)
    method_last4: Mapped[str | None] = mapped_column(Text)
    failure_code: Mapped[str | None] = mapped_column(Text)
    failure_message: Mapped[str | None] = mapped_column(Text)
    fee_minor: Mapped[int | None] = mapped_column(BigInteger)
    fee_currency: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    next_ask_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ask_count: Mapped[int] = mapped_column(Integer)
    refunded_minor: Mapped[int] = mapped_column(BigInteger)
    refund_policy_version: Mapped[int] = mapped_column(
        ForeignKey("refund_policy.version"), server_default=text("refund_policy_in_force()")
    )
    withdrawn_minor: Mapped[int] = mapped_column(BigInteger)
    released_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    saves_method: Mapped[bool] = mapped_column(Boolean, server_default=false())
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PaymentChange(Base):
    """A step in a payment's life, with the outside event or request that caused it. Only ever added."""

    __tablename__ = "payment_change"

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    from_status: Mapped[str | None] = mapped_column(Text)
    to_status: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)


class Refund(Base):
    """Money of a payment on its way back; its row exists before Stripe hears of it, unless Stripe told us first."""

    __tablename__ = "refund"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    stripe_refund_id: Mapped[str | None] = mapped_column(Text, unique=True)
    requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    failure_reason: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reserved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    settled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    next_ask_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ask_count: Mapped[int] = mapped_column(Integer)
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Customer(Base):
    """Who a person is at Stripe."""

    __tablename__ = "customer"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    stripe_customer_id: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Seller(Base):
    """The legal entity that sells, as the next document will name it; ``address`` has lines."""

    __tablename__ = "seller"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    tax_id: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Document(Base):
    """A receipt, a credit note or the cancellation of one, as it was given out. Only ever added.

    ``number`` is given by the database as the transaction commits, without gaps in each ``series`` (migration 0024);
    ``content`` is all that the document says beside the columns.
    """

    __tablename__ = "document"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    seller_code: Mapped[str] = mapped_column(Text)
    series: Mapped[str] = mapped_column(Text)
    number: Mapped[int | None] = mapped_column(BigInteger)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("refund.id"))
    refers_to: Mapped[UUID | None] = mapped_column(ForeignKey("document.id"))
    currency: Mapped[str] = mapped_column(Text)
    total_minor: Mapped[int] = mapped_column(BigInteger)
    tax_minor: Mapped[int] = mapped_column(BigInteger)
    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class DocumentSeries(Base):
    """How far a series is counted; written by the database alone."""

    __tablename__ = "document_series"

    seller_code: Mapped[str] = mapped_column(Text, primary_key=True)
    series: Mapped[str] = mapped_column(Text, primary_key=True)
    last_number: Mapped[int] = mapped_column(BigInteger)


class PaymentMethod(Base):
    """What a person saved at Stripe to pay with: all that is kept of it here stands on the card for anybody to see."""

    __tablename__ = "payment_method"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    stripe_payment_method_id: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)
    brand: Mapped[str | None] = mapped_column(Text)
    last4: Mapped[str | None] = mapped_column(Text)
    exp_month: Mapped[int | None] = mapped_column(Integer)
    exp_year: Mapped[int | None] = mapped_column(Integer)
    is_default: Mapped[bool] = mapped_column(Boolean)
    saved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class MethodSetup(Base):
    """A SetupIntent: a person is about to save a method without paying. Its row exists before Stripe hears of it."""

    __tablename__ = "method_setup"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    request_key: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    stripe_setup_intent_id: Mapped[str | None] = mapped_column(Text, unique=True)
    failure_code: Mapped[str | None] = mapped_column(Text)
    failure_message: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    next_ask_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ask_count: Mapped[int] = mapped_column(Integer)
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PaymentAttempt(Base):
    """A try to charge a saved method for a payment; the next one is made only when this one's outcome is known.

    ``outcome``: the payment's status that it led to, or Stripe's code where the method was declined.
    """

    __tablename__ = "payment_attempt"

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    method_id: Mapped[UUID] = mapped_column(ForeignKey("payment_method.id"))
    off_session: Mapped[bool] = mapped_column(Boolean)
    state: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    reserved_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    answered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Dispute(Base):
    """What a payer's bank asks back, as Stripe tells it. What a row is about never changes; see rules/disputes.py.

    ``withdrawn_minor``: what the bank has of the payment now; ``withheld_minor``: what of it is undecided in the book.
    ``told_at``: when Stripe was asked what was applied last.
    """

    __tablename__ = "dispute"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    stripe_dispute_id: Mapped[str] = mapped_column(Text, unique=True)
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    network_code: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    submissions: Mapped[int] = mapped_column(Integer)
    withdrawn_minor: Mapped[int] = mapped_column(BigInteger)
    withheld_minor: Mapped[int] = mapped_column(BigInteger)
    decisions: Mapped[int] = mapped_column(Integer)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    told_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    next_ask_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ask_count: Mapped[int] = mapped_column(Integer)


class DisputeChange(Base):
    """A step of a dispute, with what caused it. Only ever added."""

    __tablename__ = "dispute_change"

    dispute_id: Mapped[UUID] = mapped_column(ForeignKey("dispute.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    from_status: Mapped[str | None] = mapped_column(Text)
    to_status: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)


class DisputeMovement(Base):
    """A balance transaction of a dispute that is in the book under its own id. Only ever added."""

    __tablename__ = "dispute_movement"

    stripe_balance_transaction_id: Mapped[str] = mapped_column(Text, primary_key=True)
    dispute_id: Mapped[UUID] = mapped_column(ForeignKey("dispute.id"))
    taken_minor: Mapped[int] = mapped_column(BigInteger)
    fee_minor: Mapped[int] = mapped_column(BigInteger)
    fee_currency: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class DisputeAnswer(Base):
    """What we tell the bank: evidence, or that we give in. Its row exists before Stripe hears of it, packet and all."""

    __tablename__ = "dispute_answer"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    dispute_id: Mapped[UUID] = mapped_column(ForeignKey("dispute.id"))
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    evidence: Mapped[dict[str, str] | None] = mapped_column(JSONB)
    packet: Mapped[bytes | None] = mapped_column(LargeBinary)
    stripe_file_id: Mapped[str | None] = mapped_column(Text)
    failure_reason: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    requested_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    next_ask_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ask_count: Mapped[int] = mapped_column(Integer)
    parked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class FraudWarning(Base):
    """A payer's bank suspects fraud, and asks for nothing yet. ``is_actionable`` until refunded or disputed."""

    __tablename__ = "fraud_warning"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.id"))
    stripe_warning_id: Mapped[str] = mapped_column(Text, unique=True)
    fraud_type: Mapped[str] = mapped_column(Text)
    is_actionable: Mapped[bool] = mapped_column(Boolean)
    warned_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
