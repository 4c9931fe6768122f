"""What stands behind a line of a statement: what the learner paid, what went back, and what Stripe took.

Read from the book: a sale's fee is the leg on ``stripe:fees`` of the entry that names the same payment, a dispute's
stands in its own entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, Text, and_, cast, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from azora_admin.core.ids import EntryId
from azora_admin.core.money import Money
from azora_admin.ledger.tables import LedgerAccount as Account
from azora_admin.ledger.tables import LedgerEntry as Entry
from azora_admin.ledger.tables import LedgerLeg as Leg
from azora_admin.payments.tables import Dispute, DisputeMovement, Payment, Refund
from azora_admin.reports.entries import OF_MOVEMENTS

_RETURNS: Final = {"refund_reserved": 1, "refund_failed": -1}
Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Behind:
    """``gross``: what the learner paid. ``refunded``: what went back, to them or their bank; below zero: it came again.

    ``fee``: what Stripe took for it, in the currency that Stripe settles in; ``fee_entry_id``: where it is booked, None
    where it was nothing. ``awaits_fee``: Stripe has not said yet.
    """

    gross: Money | None = None
    refunded: Money | None = None
    fee: Money | None = None
    fee_entry_id: EntryId | None = None
    awaits_fee: bool = False

    @property
    def net(self) -> Money | None:
        """What the line did to the money at Stripe; None where that is not known, or is in two currencies."""
        moved = self.gross or self.refunded
        if moved is None or self.awaits_fee or (self.fee and self.fee.currency != moved.currency):
            return None
        nothing = Money.zero(moved.currency)
        return (self.gross or nothing) - (self.refunded or nothing) - (self.fee or nothing)


NOTHING: Final = Behind()


def money_behind(session: Session, entries: Sequence[Row[*tuple[Any, ...]]]) -> Mapping[Fact, Behind]:
    """What is behind those of ``entries`` (id, kind, reference) that are about a learner's money. Two statements."""
    facts = [(entry.kind, entry.reference) for entry in entries]
    moved = {row.reference: row for row in session.execute(union_all(*_moved(facts)))}
    fees = _fees(session, entries)
    return {
        (kind, reference): _behind(kind, moved[reference], fees.get((kind, reference)))
        for kind, reference in facts
        if reference in moved
    }


def _behind(kind: str, row: Row[*tuple[Any, ...]], fee: tuple[Money, EntryId] | None) -> Behind:
    moved = Money(row.amount, row.currency)
    taken, entry_id = fee or (None, None)
    if kind in _RETURNS:
        return Behind(refunded=moved if _RETURNS[kind] > 0 else -moved)
    if kind in OF_MOVEMENTS:
        return Behind(refunded=moved, fee=taken, fee_entry_id=entry_id)
    if row.fee_currency is None:
        return Behind(gross=moved, awaits_fee=True)
    return Behind(gross=moved, fee=taken or Money.zero(row.fee_currency), fee_entry_id=entry_id)


def _fees(session: Session, entries: Sequence[Row[*tuple[Any, ...]]]) -> Mapping[Fact, tuple[Money, EntryId]]:
    sales = [entry.reference for entry in entries if entry.kind == "sale"]
    disputes = [entry.id for entry in entries if entry.kind in OF_MOVEMENTS]
    rows = session.execute(
        select(Entry.id, Entry.kind, Entry.reference, Leg.asset, func.sum(-Leg.amount).label("fee"))
        .join(Leg, Leg.entry_id == Entry.id)
        .join(Account, Account.id == Leg.account_id)
        .where(
            Account.key == "stripe:fees",
            or_(
                and_(Entry.kind == "processing_fee", Entry.reference.in_(sales)),
                Entry.id.in_(disputes),
            ),
        )
        .group_by(Entry.id, Entry.kind, Entry.reference, Leg.asset)
    )
    return {
        ("sale" if row.kind == "processing_fee" else row.kind, row.reference): (
            Money(int(row.fee), row.asset),
            EntryId(row.id),
        )
        for row in rows
    }


def _moved(facts: Sequence[Fact]) -> Iterator[Select[*tuple[Any, ...]]]:
    """Reference, amount, currency, and in which currency Stripe told the fee, of sales, refunds and disputes."""
    untold, movement_id = literal(None, Text), DisputeMovement.stripe_balance_transaction_id
    yield select(
        cast(Payment.id, Text).label("reference"),
        Payment.amount_minor.label("amount"),
        Payment.currency.label("currency"),
        Payment.fee_currency.label("fee_currency"),
    ).where(Payment.id.in_([UUID(reference) for kind, reference in facts if kind == "sale"]))
    yield select(cast(Refund.id, Text), Refund.amount_minor, Refund.currency, untold).where(
        Refund.id.in_([UUID(reference) for kind, reference in facts if kind in _RETURNS])
    )
    yield (
        select(movement_id, DisputeMovement.taken_minor, Dispute.currency, untold)
        .join(Dispute, Dispute.id == DisputeMovement.dispute_id)
        .where(movement_id.in_([reference for kind, reference in facts if kind in OF_MOVEMENTS]))
    )
