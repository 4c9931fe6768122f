"""Jobs are put beside the fact that causes them: in its transaction, so that both exist or neither.

The queue is Procrastinate's, on the same PostgreSQL; its own SQL function takes the jobs in. This module names jobs
only; ``azora_admin.jobs`` says what they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session

from azora_admin.core.statements import Statement, rows

HANDLE_STRIPE_EVENT: Final = "stripe_events.handle"
ASK_FOR_PAYMENT: Final = "money.ask_for_payment"
ASK_FOR_REFUND: Final = "money.ask_for_refund"
ASK_FOR_DISPUTE: Final = "money.ask_for_dispute"
SEND_DISPUTE_ANSWER: Final = "money.send_dispute_answer"
ASK_FOR_SETUP: Final = "money.ask_for_setup"
FOLLOW_METHOD: Final = "money.follow_method"
DETACH_METHOD: Final = "money.detach_method"
WRITE_EXPORT: Final = "payments.write_export"
REFUND_IN_BULK: Final = "money.refund_in_bulk"
SEND_MAIL: Final = "mail.send"
MAIL_CONFIRMATION: Final = "accounts.mail_confirmation"
MAIL_NEW_EMAIL: Final = "accounts.mail_new_email"
MAIL_RESET: Final = "accounts.mail_reset"

ENQUEUE: Final = """procrastinate_defer_jobs_v1(ARRAY[ROW(
  'default', %(job)s, 0, %(lock)s, NULL, %(arguments)s::jsonb, %(scheduled_at)s::timestamptz
)::procrastinate_job_to_defer_v1])"""
"""A job as part of a statement, which enqueues it as often as it selects this; ``job_values`` fills it in."""

_ENQUEUE_ALONE: Final = Statement(f"SELECT {ENQUEUE}")


def enqueue(
    session: Session,
    job: str,
    arguments: Mapping[str, str],
    *,
    lock: str | None = None,
    at: datetime | None = None,
) -> None:
    """Put ``job`` in the queue with the session's transaction.

    ``lock``: jobs of one lock run one after another, in the order they came. ``at``: not before (UTC).
    """
    rows(session, _ENQUEUE_ALONE, job_values(job, arguments, lock=lock, at=at))


def job_values(
    job: str, arguments: Mapping[str, str], *, lock: str | None = None, at: datetime | None = None
) -> dict[str, Any]:
    """What ``ENQUEUE`` is filled in with; the parameters are those of ``enqueue``."""
    return {"job": job, "lock": lock, "arguments": orjson.dumps(arguments).decode(), "scheduled_at": at}


def stripe_lock(object_id: str) -> str:
    """The lock under which all that concerns one Stripe object is done."""
    return f"stripe:{object_id}"
