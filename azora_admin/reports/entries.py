"""Ledger entries as people read them: accounts in words, both sides of every leg, and what caused the entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import EntryId, PaymentId
from azora_admin.core.money import Money
from azora_admin.ledger.queries.entries import BookedEntry, BookedLeg, entries_for_reference, find_entry
from azora_admin.ledger.rules import Leg
from azora_admin.messaging.tables import InboxEvent
from azora_admin.payments.tables import Dispute, DisputeMovement, Exchange, Payment, Refund
from azora_admin.reports.accounts import account_words, own_sense, owner_names
from azora_admin.reports.payment_rows import PaymentRow, payment_row, payment_rows

OF_PAYMENTS = ("sale", "processing_fee")
OF_REFUNDS = ("refund_reserved", "refund_settled", "refund_failed")
# By the balance transaction that moved the money, and by the dispute that was decided.
OF_MOVEMENTS = ("dispute_opened", "dispute_won")
OF_DECISIONS = ("dispute_lost", "dispute_reopened")
# By the balance transaction that was settled in another currency.
OF_EXCHANGES = ("exchange",)


@dataclass(frozen=True, slots=True)
class Cause:
    """What brought a fact about: an event of Stripe's, a request, our own asking, or a difference to Stripe's book."""

    kind: Literal["event", "request", "ask", "difference", "other"]
    reference: str
    balance_transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class LegView:
    """One leg: its debit or its credit, and ``effect``, the change in the account's own sense."""

    account: str
    key: str
    debit: Money | None
    credit: Money | None
    effect: Money
    available_at: datetime | None


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry with its legs; ``volume`` is what either side sums to in the currency of its first leg.

    Of a dispute it is what moved at Stripe.
    """

    id: EntryId
    number: int
    kind: str
    reference: str
    cause: Cause
    request_id: str | None
    actor: str | None
    rule_version: str | None
    occurred_at: datetime
    posted_at: datetime
    volume: Money
    legs: Sequence[LegView]

    @property
    def sums(self) -> Sequence[Money]:
        """What the debits, and so the credits, of each currency sum to, in the order of the legs."""
        found: dict[str, Money] = {}
        for money in (leg.debit for leg in self.legs if leg.debit):
            found[money.currency] = found.get(money.currency, Money.zero(money.currency)) + money
        return list(found.values())


@dataclass(frozen=True, slots=True)
class EventView:
    """An event of the inbox, as far as people need it."""

    id: str
    type: str
    object_id: str
    state: str
    attempts: int
    last_error: str | None
    created_at: datetime
    received_at: datetime
    handled_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExplainedEntry:
    """An entry, the payment it is about, and the event that caused it (each None when there is none).

    ``rate``: by what Stripe exchanged, where it did.
    """

    entry: EntryView
    payment: PaymentRow | None
    event: EventView | None
    rate: Decimal | None = None

    @property
    def rate_text(self) -> str | None:
        """The rate as Stripe wrote it."""
        return None if self.rate is None else f"{self.rate:f}"


EVENT_COLUMNS = (
    InboxEvent.id,
    InboxEvent.type,
    InboxEvent.object_id,
    InboxEvent.state,
    InboxEvent.attempts,
    InboxEvent.last_error,
    InboxEvent.created_at,
    InboxEvent.received_at,
    InboxEvent.handled_at,
)


def parse_cause(text: str) -> Cause:
    """The cause written as ``stripe:evt_…``, ``stripe:evt_… txn_…``, ``request:req_…``, ``ask``, ``difference:…``."""
    kind, _, rest = text.partition(":")
    if kind == "stripe":
        event_id, _, transaction = rest.partition(" ")
        return Cause("event", event_id, transaction or None)
    if kind == "request":
        reference, _, transaction = rest.partition(" ")
        return Cause("request", reference, transaction or None)
    if text == "ask" or text.startswith("ask "):
        return Cause("ask", "", text[4:] or None)
    if kind == "difference":
        return Cause("difference", rest)
    return Cause("other", text)


def entries_of_payment(
    session: Session, payment_id: PaymentId, references: Sequence[str] = ()
) -> Sequence[EntryView]:
    """Every entry about the payment and about ``references``, what came of it, in the order of the book.

    Two statements.
    """
    return entry_views(session, entries_for_reference(session, [str(payment_id), *references]))


def entry_views(session: Session, entries: Sequence[BookedEntry]) -> Sequence[EntryView]:
    """Entries of the book as people read them. One statement."""
    names = owner_names(session, _keys(entries))
    return [_view(entry, names) for entry in entries]


def explain_entry(session: Session, entry_id: EntryId) -> ExplainedEntry:
    """The entry and where it comes from. Raises NotFound. Four statements, or five; use a snapshot."""
    booked = find_entry(session, entry_id)
    if booked is None:
        raise NotFound("entry_not_found", "There is no such ledger entry.")
    entry = _view(booked, owner_names(session, _keys([booked])))
    return ExplainedEntry(
        entry, _payment_of(session, entry), _event_of(session, entry.cause), _rate_of(session, entry)
    )


def event_view(row: Sequence[Any]) -> EventView:
    """One row of ``EVENT_COLUMNS``."""
    return EventView(*row)


def _view(entry: BookedEntry, names: Mapping[UUID, str]) -> EntryView:
    return EntryView(
        id=entry.id,
        number=entry.number,
        kind=entry.kind,
        reference=entry.reference,
        cause=parse_cause(entry.cause),
        request_id=entry.request_id,
        actor=entry.actor,
        rule_version=entry.rule_version,
        occurred_at=entry.occurred_at,
        posted_at=entry.posted_at,
        volume=_volume(entry),
        legs=[leg_view(leg, names) for leg in entry.legs],
    )


def _volume(entry: BookedEntry) -> Money:
    asset = entry.legs[0].asset
    legs = [leg for leg in entry.legs if leg.asset == asset]
    if entry.kind in OF_MOVEMENTS:
        return Money(abs(sum(leg.amount for leg in legs if leg.key == "stripe:balance")), asset)
    return Money(sum(leg.credit for leg in legs), asset)


def leg_view(leg: BookedLeg | Leg, names: Mapping[UUID, str]) -> LegView:
    """One leg as people read it, booked or only drafted; ``names`` are of the accounts' owners."""
    return LegView(
        account=account_words(leg.key, names),
        key=leg.key,
        debit=Money(-leg.amount, leg.asset) if leg.amount < 0 else None,
        credit=Money(leg.amount, leg.asset) if leg.amount > 0 else None,
        effect=Money(own_sense(leg.key, leg.amount), leg.asset),
        available_at=leg.available_at,
    )


def _keys(entries: Sequence[BookedEntry]) -> set[str]:
    return {leg.key for entry in entries for leg in entry.legs}


def _payment_of(session: Session, entry: EntryView) -> PaymentRow | None:
    if entry.kind in OF_PAYMENTS:
        which = Payment.id == UUID(entry.reference)
    elif entry.kind in OF_REFUNDS:
        which = (
            Payment.id
            == select(Refund.payment_id).where(Refund.id == UUID(entry.reference)).scalar_subquery()
        )
    elif entry.kind in OF_MOVEMENTS:
        moved = DisputeMovement.stripe_balance_transaction_id == entry.reference
        disputes = select(Dispute.payment_id).join(DisputeMovement, DisputeMovement.dispute_id == Dispute.id)
        which = Payment.id == disputes.where(moved).scalar_subquery()
    elif entry.kind in OF_DECISIONS:
        dispute_id = UUID(entry.reference.partition(":")[0])
        which = Payment.id == select(Dispute.payment_id).where(Dispute.id == dispute_id).scalar_subquery()
    elif entry.kind in OF_EXCHANGES:
        exchanged = Exchange.stripe_balance_transaction_id == entry.reference
        which = Payment.id == select(Exchange.payment_id).where(exchanged).scalar_subquery()
    else:
        return None
    row = session.execute(payment_rows().where(which)).one_or_none()
    return payment_row(row) if row else None


def _rate_of(session: Session, entry: EntryView) -> Decimal | None:
    if entry.kind not in OF_EXCHANGES:
        return None
    return session.scalar(
        select(Exchange.rate).where(Exchange.stripe_balance_transaction_id == entry.reference)
    )


def _event_of(session: Session, cause: Cause) -> EventView | None:
    if cause.kind != "event":
        return None
    row = session.execute(select(*EVENT_COLUMNS).where(InboxEvent.id == cause.reference)).one_or_none()
    return event_view(row) if row else None
