"""The demo's mailbox: where mails arrive when no mail server is set, for everybody to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.letters import Message
from azora_admin.messaging.tables import MailboxMail

SHOWN: Final = 50
_KEPT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail in the mailbox."""

    mail_id: UUID
    to: str
    subject: str
    text: str
    delivered_at: datetime


def keep(session: Session, message: Message) -> None:
    """Put ``message`` into the mailbox; the same mail twice is there once."""
    values = {
        "id": message.mail_id,
        "to_address": message.to,
        "subject": message.subject,
        "text": message.text,
        "delivered_at": clock.now(),
    }
    session.execute(insert(MailboxMail).values(values).on_conflict_do_nothing())


def newest(session: Session, *, to: str | None = None) -> Sequence[Arrived]:
    """The ``SHOWN`` newest mails, to one address or to anybody."""
    box = MailboxMail
    wanted = select(box.id, box.to_address, box.subject, box.text, box.delivered_at)
    if to:
        wanted = wanted.where(box.to_address == to)
    rows = session.execute(wanted.order_by(box.delivered_at.desc(), box.id.desc()).limit(SHOWN)).all()
    return [Arrived(*row) for row in rows]


def forget_old(session: Session) -> None:
    """Empty the mailbox of what is older than a week."""
    session.execute(
        text("DELETE FROM mailbox_mail WHERE delivered_at < :before"), {"before": clock.now() - _KEPT}
    )
