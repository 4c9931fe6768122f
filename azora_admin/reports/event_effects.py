"""What an event of Stripe's brought about: ledger entries and steps of payments that name it as their cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from azora_admin.core.ids import PaymentId
from azora_admin.core.money import Money
from azora_admin.ledger.queries.entries import entries_of_event
from azora_admin.payments.tables import Payment, PaymentChange
from azora_admin.reports.entries import EntryView, entry_views

# In the very words of the index: a cause may name more behind a space.
_CAUSED: Final = text(
    "split_part(payment_change.cause, ' ', 1) = :cause AND payment_change.cause LIKE 'stripe:%'"
)


@dataclass(frozen=True, slots=True)
class PaymentStep:
    """A payment that went from one status to another; ``number`` counts its steps."""

    payment_id: PaymentId
    number: int
    amount: Money
    title: str
    from_status: str | None
    to_status: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Effects:
    """What was booked and what changed its status, each in its order."""

    entries: Sequence[EntryView] = ()
    steps: Sequence[PaymentStep] = ()

    def without(self, before: Effects) -> Effects:
        """What is here and was not there before."""
        booked = {entry.id for entry in before.entries}
        taken = {(step.payment_id, step.number) for step in before.steps}
        return Effects(
            [entry for entry in self.entries if entry.id not in booked],
            [step for step in self.steps if (step.payment_id, step.number) not in taken],
        )

    @property
    def is_nothing(self) -> bool:
        return not self.entries and not self.steps


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What handling an event would do: the state it would end in (``failed``: for what reason), and its effects."""

    outcome: str
    reason: str = ""
    effects: Effects = field(default_factory=Effects)


def event_effects(session: Session, event_id: str) -> Effects:
    """What the event has brought about as ``session`` sees it. Three statements."""
    rows = session.execute(
        select(
            PaymentChange.payment_id,
            PaymentChange.number,
            PaymentChange.from_status,
            PaymentChange.to_status,
            PaymentChange.reason,
            PaymentChange.at,
            Payment.amount_minor,
            Payment.currency,
            Payment.description,
        )
        .join(Payment, Payment.id == PaymentChange.payment_id)
        .where(_CAUSED.bindparams(cause=f"stripe:{event_id}"))
        .order_by(PaymentChange.at, PaymentChange.payment_id, PaymentChange.number)
    ).all()
    steps = [
        PaymentStep(
            PaymentId(row.payment_id),
            row.number,
            Money(row.amount_minor, row.currency),
            row.description,
            row.from_status,
            row.to_status,
            row.reason,
            row.at,
        )
        for row in rows
    ]
    return Effects(entry_views(session, entries_of_event(session, event_id)), steps)
