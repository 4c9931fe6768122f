"""Stripe's answers as frozen values: only what we use, free of the SDK, so that pure rules can take them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from azora_admin.core.money import Money


@dataclass(frozen=True, slots=True)
class Fee:
    """What Stripe kept of a charge, in the currency of our Stripe balance; ``gross`` is what it held before.

    ``rate``: by which it exchanged what was paid in another currency; None where it did not.
    """

    balance_transaction_id: str
    fee: Money
    net: Money
    rate: Decimal | None = None

    @property
    def gross(self) -> Money:
        return self.net + self.fee


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge that went through at ``created_at``. ``fee`` is None until its balance transaction exists."""

    id: str
    created_at: datetime
    brand: str | None
    last4: str | None
    fee: Fee | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the last attempt to pay failed, in the bank's or Stripe's words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Intent:
    """A PaymentIntent as Stripe tells it now. ``client_secret`` goes to its payer alone, never into a log."""

    id: str
    status: str
    amount: Money
    received: Money
    customer_id: str | None
    payment_id: str | None
    client_secret: str
    refusal: Refusal | None
    charge: Charge | None
    method_id: str | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """What a customer pays with, as far as it may be known here. Without a customer it belongs to nobody any more."""

    id: str
    customer_id: str | None
    kind: str
    brand: str | None
    last4: str | None
    exp_month: int | None
    exp_year: int | None


@dataclass(frozen=True, slots=True)
class Setup:
    """A SetupIntent as Stripe tells it now. ``setup_id`` is ours; ``client_secret`` goes to its person alone."""

    id: str
    status: str
    customer_id: str | None
    setup_id: str | None
    client_secret: str
    method_id: str | None
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as Stripe tells it now. ``refund_id`` is ours, from its metadata; ``reason`` only if one was named."""

    id: str
    status: str
    amount: Money
    intent_id: str | None
    refund_id: str | None
    reason: str | None
    failure_reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DisputeMovement:
    """A balance transaction of a dispute: what it did to our balance at Stripe (negative: taken), and its fee.

    ``rate``: by which Stripe exchanged it from the currency of the payment, if it did.
    """

    id: str
    amount: Money
    fee: Money
    at: datetime
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute as Stripe tells it now, whole. ``asked_at``: when the question was sent, by our clock."""

    id: str
    intent_id: str | None
    amount: Money
    status: str
    reason: str
    network_code: str | None
    submissions: int
    opened_at: datetime
    due_at: datetime | None
    movements: tuple[DisputeMovement, ...]
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class FraudWarning:
    """An early fraud warning as Stripe tells it now."""

    id: str
    intent_id: str | None
    fraud_type: str
    is_actionable: bool
    warned_at: datetime
