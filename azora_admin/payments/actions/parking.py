"""What a person has not asked about for now (parked), or asked about at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict, NotFound
from azora_admin.payments.tables import DisputeAnswer, MethodSetup, Payment, Refund

_TABLES: Final[dict[str, Any]] = {
    "payment": Payment,
    "refund": Refund,
    "setup": MethodSetup,
    "answer": DisputeAnswer,
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that Stripe is to be asked about, locked."""

    next_ask_at: datetime
    parked_at: datetime | None


def lock(session: Session, kind: str, identity: UUID) -> Waiting:
    """The row, locked. Raises NotFound, Conflict ``nothing_to_ask`` when its outcome is known."""
    table = _TABLES[kind]
    row = session.execute(
        select(table.next_ask_at, table.parked_at).where(table.id == identity).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound
    if row.next_ask_at is None:
        raise Conflict("nothing_to_ask", "Its outcome is known: there is nothing to ask about.")
    return Waiting(row.next_ask_at, row.parked_at)


def is_parked(session: Session, kind: str, identity: UUID) -> bool:
    """Whether a person has it left alone."""
    table = _TABLES[kind]
    return session.scalar(select(table.parked_at).where(table.id == identity)) is not None


def park(session: Session, kind: str, identity: UUID) -> None:
    """No round asks about it until somebody takes it up again."""
    table = _TABLES[kind]
    session.execute(update(table).where(table.id == identity).values(parked_at=clock.now()))


def ask_now(session: Session, kind: str, identity: UUID) -> None:
    """The next round asks about it, and the pauses begin anew."""
    table = _TABLES[kind]
    session.execute(
        update(table).where(table.id == identity).values(parked_at=None, next_ask_at=clock.now(), ask_count=0)
    )
