"""The log of what went out: every call by which something was to happen outside, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import new_id
from azora_admin.messaging.tables import OutgoingCall


@dataclass(frozen=True, slots=True)
class Call:
    """One call, and what became of it: ``done``, ``refused`` or ``no_answer``."""

    kind: str
    about: str
    address: str
    idempotency_key: str
    outcome: str
    code: str | None
    outside_id: str | None
    milliseconds: int


def record(session: Session, call: Call) -> None:
    """Add the call to the log, as begun when it was."""
    session.execute(
        insert(OutgoingCall).values(
            id=new_id(),
            at=clock.now() - timedelta(milliseconds=call.milliseconds),
            kind=call.kind,
            about=call.about,
            address=call.address,
            idempotency_key=call.idempotency_key,
            outcome=call.outcome,
            code=call.code,
            outside_id=call.outside_id,
            milliseconds=call.milliseconds,
        )
    )
