"""One payment told from its order to its last ledger entry, each step with what caused it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session, aliased

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import CourseId, EntryId, PaymentId, PersonId
from azora_admin.core.money import Money
from azora_admin.identity.tables import Person
from azora_admin.marketplace.tables import AccessGrant, Course, SplitAgreement, SplitShare
from azora_admin.messaging.tables import InboxEvent
from azora_admin.payments.rules.refunds import UNSENT
from azora_admin.payments.tables import Exchange, Payment, PaymentChange
from azora_admin.reports.accounts import account_words, owner_names
from azora_admin.reports.dispute_list import DisputeRow, dispute_rows_of
from azora_admin.reports.entries import (
    EVENT_COLUMNS,
    Cause,
    EntryView,
    EventView,
    entries_of_payment,
    event_view,
    parse_cause,
)
from azora_admin.reports.payment_documents import DocumentRow, document_rows
from azora_admin.reports.payment_rows import PaymentRow, payment_row, payment_rows
from azora_admin.reports.refund_list import RefundRow, refund_rows_of


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a payment beyond its row in the list."""

    payer_id: PersonId
    course_id: CourseId | None
    instructor: str | None
    agreement_version: int | None
    stripe_payment_intent_id: str | None
    stripe_charge_id: str | None
    next_ask_at: datetime | None
    ask_count: int


@dataclass(frozen=True, slots=True)
class Party:
    """One party of the split that the sale froze."""

    name: str
    basis_points: int


@dataclass(frozen=True, slots=True)
class Moment:
    """One step: a change of status (``to_status``), an entry booked for another cause than such a change (``entry``),
    or neither: an event that changed nothing, yet or at all."""

    at: datetime
    cause: Cause
    event: EventView | None
    to_status: str | None = None
    reason: str | None = None
    entry: EntryView | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """The grant that the payment brought."""

    since: datetime
    ended_at: datetime | None
    end_reason: str | None


@dataclass(frozen=True, slots=True)
class Portion:
    """Somebody's part of the payment, and the entry that says so. What Stripe took is negative."""

    name: str
    amount: Money
    entry_id: EntryId


@dataclass(frozen=True, slots=True)
class PaymentStory:
    """Everything that the payment's page shows. ``is_moving``: it may look otherwise in a moment."""

    payment: PaymentRow
    facts: Facts
    parties: Sequence[Party]
    moments: Sequence[Moment]
    entries: Sequence[EntryView]
    access: Access | None
    portions: Sequence[Portion]
    refunds: Sequence[RefundRow]
    disputes: Sequence[DisputeRow]
    documents: Sequence[DocumentRow]

    @property
    def bar_values(self) -> Sequence[int]:
        """The portions as they stand side by side: processing is cut from the platform's, the last share.

        A fee in another currency has no place beside them.
        """
        shares = [portion.amount.amount for portion in self.portions if portion.amount.amount > 0]
        fees = [
            -portion.amount.amount if portion.amount.currency == self.payment.amount.currency else 0
            for portion in self.portions
            if portion.amount.amount < 0
        ]
        return [*shares[:-1], shares[-1] - sum(fees), *fees] if shares else []

    @property
    def is_moving(self) -> bool:
        return self.facts.next_ask_at is not None or any(one.state in UNSENT for one in self.refunds)


_INSTRUCTOR = aliased(Person, name="instructor")
_EXCHANGED = (
    select(Exchange.stripe_balance_transaction_id)
    .where(Exchange.payment_id == Payment.id)
    .correlate(Payment)
    .scalar_subquery()
)


def payment_story(session: Session, payment_id: PaymentId) -> PaymentStory:
    """The payment's story. Raises NotFound. Ten statements however long it is; use a snapshot."""
    row = session.execute(
        payment_rows()
        .add_columns(
            Payment.payer_id,
            Payment.course_id,
            Payment.split_agreement_id,
            Payment.stripe_payment_intent_id,
            Payment.stripe_charge_id,
            Payment.next_ask_at,
            Payment.ask_count,
            func.array(_EXCHANGED).label("exchanged"),
            _INSTRUCTOR.name.label("instructor"),
            SplitAgreement.version,
        )
        .outerjoin(_INSTRUCTOR, _INSTRUCTOR.id == Course.instructor_id)
        .outerjoin(SplitAgreement, SplitAgreement.id == Payment.split_agreement_id)
        .where(Payment.id == payment_id)
    ).one_or_none()
    if row is None:
        raise NotFound("payment_not_found", "There is no such payment.")
    refunds = refund_rows_of(session, payment_id)
    disputes = dispute_rows_of(session, payment_id)
    disputed = [name for one in disputes for name in one.references]
    references = {*(str(one.id) for one in refunds), *disputed, *row.exchanged}
    entries = entries_of_payment(session, payment_id, sorted(references))
    return PaymentStory(
        payment=payment_row(row),
        facts=_facts(row),
        parties=_parties(session, row.split_agreement_id),
        moments=_moments(session, payment_id, row, entries, (*refunds, *disputes)),
        entries=entries,
        access=_access(session, payment_id),
        portions=_portions(entries),
        refunds=refunds,
        disputes=disputes,
        documents=document_rows(session, [payment_id]),
    )


def payment_line(session: Session, payment_id: PaymentId) -> PaymentRow:
    """The payment as one row. Raises NotFound. One statement."""
    row = session.execute(payment_rows().where(Payment.id == payment_id)).one_or_none()
    if row is None:
        raise NotFound("payment_not_found", "There is no such payment.")
    return payment_row(row)


def _facts(row: Row[*tuple[Any, ...]]) -> Facts:
    return Facts(
        payer_id=PersonId(row.payer_id),
        course_id=CourseId(row.course_id) if row.course_id else None,
        instructor=row.instructor,
        agreement_version=row.version,
        stripe_payment_intent_id=row.stripe_payment_intent_id,
        stripe_charge_id=row.stripe_charge_id,
        next_ask_at=row.next_ask_at,
        ask_count=row.ask_count,
    )


def _parties(session: Session, agreement_id: UUID | None) -> Sequence[Party]:
    """The shares of the agreement, and the platform's, which is the rest."""
    if agreement_id is None:
        return []
    rows = session.execute(
        select(SplitShare.party, SplitShare.basis_points)
        .where(SplitShare.agreement_id == agreement_id)
        .order_by(SplitShare.basis_points.desc(), SplitShare.party)
    ).all()
    names = owner_names(session, [f"{row.party}:payable" for row in rows])
    shares = [
        Party(_party_words(account_words(f"{row.party}:payable", names)), row.basis_points) for row in rows
    ]
    return [*shares, Party("Azora", 10_000 - sum(share.basis_points for share in shares))]


def _moments(
    session: Session,
    payment_id: PaymentId,
    payment: Row[*tuple[Any, ...]],
    entries: Sequence[EntryView],
    returns: Sequence[RefundRow | DisputeRow],
) -> Sequence[Moment]:
    """Changes, bookings and events in one line of time, the newest first; an event stands with what it caused."""
    changes = session.execute(
        select(PaymentChange.at, PaymentChange.to_status, PaymentChange.reason, PaymentChange.cause)
        .where(PaymentChange.payment_id == payment_id)
        .order_by(PaymentChange.number)
    ).all()
    causes = [parse_cause(row.cause) for row in changes]
    # The sale is booked by the very change that says "succeeded"; a fee may come by an event of its own.
    booked = [entry for entry in entries if entry.cause not in causes]
    events = _events(session, payment, returns, [*causes, *(entry.cause for entry in booked)])
    moments = [
        Moment(row.at, cause, events.get(cause.reference), to_status=row.to_status, reason=row.reason)
        for row, cause in zip(changes, causes, strict=True)
    ] + [
        Moment(entry.posted_at, entry.cause, events.get(entry.cause.reference), entry=entry)
        for entry in booked
    ]
    told = {moment.cause.reference for moment in moments}
    rest = [
        Moment(event.received_at, Cause("event", event.id), event, reason=event.last_error)
        for event in events.values()
        if event.id not in told
    ]
    return sorted(moments[::-1] + rest, key=lambda moment: moment.at, reverse=True)


def _events(
    session: Session,
    payment: Row[*tuple[Any, ...]],
    returns: Sequence[RefundRow | DisputeRow],
    causes: Sequence[Cause],
) -> dict[str, EventView]:
    at_stripe = (payment.stripe_payment_intent_id, payment.stripe_charge_id)
    returned = [
        one.stripe_refund_id if isinstance(one, RefundRow) else one.stripe_dispute_id for one in returns
    ]
    objects = [one for one in (*at_stripe, *returned) if one]
    named = [cause.reference for cause in causes if cause.kind == "event"]
    rows = session.execute(
        select(*EVENT_COLUMNS).where(or_(InboxEvent.object_id.in_(objects), InboxEvent.id.in_(named)))
    ).all()
    return {row.id: event_view(row) for row in rows}


def _portions(entries: Sequence[EntryView]) -> Sequence[Portion]:
    """Who got what of the sale, in the order of its legs, and what processing took from the platform."""
    shares = [
        Portion(_party_words(leg.account), leg.credit, entry.id)
        for entry in entries
        if entry.kind == "sale"
        for leg in entry.legs
        if leg.credit
    ]
    fees = [
        Portion("Card processing, paid by Azora", -leg.debit, entry.id)
        for entry in entries
        if entry.kind == "processing_fee"
        for leg in entry.legs
        if leg.debit
    ]
    return shares + fees


def _party_words(account: str) -> str:
    return "Azora" if account == account_words("platform:revenue", {}) else account.removeprefix("Owed to ")


def _access(session: Session, payment_id: PaymentId) -> Access | None:
    row = session.execute(
        select(AccessGrant.created_at, AccessGrant.ended_at, AccessGrant.end_reason).where(
            AccessGrant.payment_id == payment_id
        )
    ).one_or_none()
    return Access(*row) if row else None
