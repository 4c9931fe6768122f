"""An explained entry as the API answers it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from azora_admin.api.shapes import Currency, MinorUnits, Shape, such_as
from azora_admin.core.ids import EntryId, PaymentId
from azora_admin.reports.entries import EventView, ExplainedEntry, LegView


class Leg(Shape):
    """One leg; in each currency, the legs of an entry sum to zero. In minor units."""

    account: Annotated[str, such_as("instructor:01890a5d-ac96-774b-bcce-b302099a8057:payable")]
    amount: MinorUnits
    """Debits are above zero, credits below."""
    currency: Currency
    available_at: datetime | None
    """From when on an instructor can be paid it."""


class CausingEvent(Shape):
    """Stripe's event that the entry follows from."""

    id: Annotated[str, such_as("evt_1PqVxA2eZvKYlo2C")]
    type: Annotated[str, such_as("payment_intent.succeeded")]
    object_id: Annotated[str, such_as("pi_3PqVxA2eZvKYlo2C")]
    created_at: datetime
    received_at: datetime
    handled_at: datetime | None


class Cause(Shape):
    """What brought it about: an event, a request, our own asking (`ask`), or a difference to Stripe's statement."""

    kind: Literal["event", "request", "ask", "difference", "other"]
    reference: Annotated[str, such_as("evt_1PqVxA2eZvKYlo2C")]
    balance_transaction_id: Annotated[str | None, such_as("txn_1PqVxA2eZvKYlo2C")]
    event: CausingEvent | None
    request_id: str | None
    actor: str | None


class Explanation(Shape):
    """An entry of the ledger, and why it is so."""

    id: EntryId
    number: Annotated[int, such_as(412)]
    """Its place in the book."""
    kind: Annotated[str, such_as("sale")]
    reference: str
    """What it is about; with `kind`, no second entry has it."""
    currency: Currency
    volume: MinorUnits
    """What its debits, and its credits, sum to; of an entry in two currencies, in the first."""
    rule_version: Annotated[str | None, such_as("split:1")]
    exchange_rate: Annotated[str | None, such_as("0.92")]
    """By what Stripe exchanged one currency for another, as it wrote that; null where it did not."""
    occurred_at: datetime
    posted_at: datetime
    legs: list[Leg]
    cause: Cause
    payment_id: PaymentId | None


def explanation(found: ExplainedEntry) -> Explanation:
    """The entry, its rule and its cause."""
    entry = found.entry
    return {
        "id": entry.id,
        "number": entry.number,
        "kind": entry.kind,
        "reference": entry.reference,
        "currency": entry.volume.currency,
        "volume": entry.volume.amount,
        "rule_version": entry.rule_version,
        "exchange_rate": found.rate_text,
        "occurred_at": entry.occurred_at,
        "posted_at": entry.posted_at,
        "legs": [_leg(leg) for leg in entry.legs],
        "cause": {
            "kind": entry.cause.kind,
            "reference": entry.cause.reference,
            "balance_transaction_id": entry.cause.balance_transaction_id,
            "event": _event(found.event) if found.event else None,
            "request_id": entry.request_id,
            "actor": entry.actor,
        },
        "payment_id": found.payment.id if found.payment else None,
    }


def _leg(leg: LegView) -> Leg:
    amount = leg.debit.amount if leg.debit else -leg.credit.amount if leg.credit else 0
    return {
        "account": leg.key,
        "amount": amount,
        "currency": leg.effect.currency,
        "available_at": leg.available_at,
    }


def _event(event: EventView) -> CausingEvent:
    return {
        "id": event.id,
        "type": event.type,
        "object_id": event.object_id,
        "created_at": event.created_at,
        "received_at": event.received_at,
        "handled_at": event.handled_at,
    }
