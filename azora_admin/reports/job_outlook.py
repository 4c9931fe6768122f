"""What a job would find if it were done now: read from what the worker itself goes by, before anybody retries it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.messaging import inbox, mail
from azora_admin.messaging.tables import InboxEvent
from azora_admin.payments.actions import parking
from azora_admin.payments.rules.methods import OVER
from azora_admin.payments.tables import BulkRefund, DisputeAnswer, MethodSetup, Payment, PaymentExport, Refund
from azora_admin.reports.jobs import Job

Outlook = Literal["acts", "parked", "over", "gone"]
# What can be over, and in which states there is nothing left to do; a payment or refund is asked about in any.
_ENDS: Final[Mapping[str, tuple[Any, frozenset[str]]]] = {
    "payment": (Payment, frozenset()),
    "refund": (Refund, frozenset()),
    "setup": (MethodSetup, OVER),
    "answer": (DisputeAnswer, frozenset({"sent", "failed"})),
    "event": (InboxEvent, frozenset(inbox.FINISHED)),
    "export": (PaymentExport, frozenset({"ready", "expired", "failed"})),
    "run": (BulkRefund, frozenset({"done", "cancelled", "turned_down"})),
}
_PARKABLE: Final = ("payment", "refund", "setup", "answer")


def outlook(session: Session, job: Job) -> Outlook:
    """Whether the job would act; if not, why. At most two statements."""
    if job.about is None:
        return "acts"
    kind, name = job.about
    if kind == "mail":
        return _of_mail(session, UUID(name))
    if kind not in _ENDS:
        return "acts"
    table, ends = _ENDS[kind]
    identity = name if kind == "event" else UUID(name)
    state = session.scalar(
        select(table.status if kind == "payment" else table.state).where(table.id == identity)
    )
    if state is None:
        return "gone"
    if kind in _PARKABLE and parking.is_parked(session, kind, UUID(name)):
        return "parked"
    return "over" if state in ends else "acts"


def _of_mail(session: Session, mail_id: UUID) -> Outlook:
    state = mail.find_state(session, mail_id)
    if state is None:
        return "gone"
    if state == "parked":
        return "parked"
    return "acts" if state == "queued" else "over"
