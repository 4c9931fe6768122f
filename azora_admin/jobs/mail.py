"""Mails on their way out: reserve, send, record."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import UUID

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.core.ids import DocumentId
from azora_admin.core.letters import Attachment, Message, opened
from azora_admin.gateways.mail.smtp import MailNotTaken, MailRefused, MailServer
from azora_admin.gateways.pdf.typesetting import render
from azora_admin.messaging import mail, mailbox, wording
from azora_admin.messaging.mail import Outgoing
from azora_admin.payments.queries import get_document
from azora_admin.reports.document_sheet import LAYOUT, sheet

log = logging.getLogger(__name__)

PDF: Final = "application/pdf"
Postbox = Callable[[Message], None]


def postbox(settings: Settings) -> Postbox:
    """Where mails go: to the server that is set; in the demo without one, into the mailbox."""
    if settings.smtp_url.get_secret_value():
        return MailServer(settings).send
    return _into_mailbox if settings.mode == "demo" else _nowhere


def send(mail_id: UUID, post: Postbox, settings: Settings) -> None:
    """Send one mail, if it is to be sent and nobody else does. A try in vain is noted with it and repeated later."""
    with db.transaction() as session:
        outgoing = mail.reserve(session, mail_id)
    if outgoing is None:
        return
    try:
        post(_in_words(outgoing, settings))
    except MailRefused as refusal:
        log.warning("mail %s (%s) is refused: %s", mail_id, outgoing.kind, refusal)
        with db.transaction() as session:
            mail.mark_failed(session, mail_id, reason=str(refusal))
    except Exception as error:  # noqa: BLE001  the worker's outermost loop: whatever it is, the mail waits
        # Without the error's own words and trace: what a template or a server says may quote a link.
        log.warning("mail %s (%s) waits: %s", mail_id, outgoing.kind, _reason(error))
        with db.transaction() as session:
            mail.put_off(session, mail_id, reason=_reason(error))
    else:
        with db.transaction() as session:
            mail.mark_sent(session, mail_id)


def _in_words(outgoing: Outgoing, settings: Settings) -> Message:
    values = opened(outgoing.values, settings.secret_key.get_secret_value())
    message = wording.message(
        outgoing.mail_id, outgoing.kind, values, to=outgoing.to, site=settings.public_url
    )
    # The demo's mailbox takes no files; the letter's link leads to the document there.
    if "document_id" not in values or not settings.smtp_url.get_secret_value():
        return message
    return replace(message, attachments=(_paper(DocumentId(UUID(values["document_id"]))),))


def _paper(document_id: DocumentId) -> Attachment:
    """The document as a PDF."""
    with db.reading() as session:
        told = sheet(get_document(session, document_id))
    return Attachment(told.file_name, PDF, render(LAYOUT, told.data(), at=told.issued_at))


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, MailNotTaken) else type(error).__name__


def _into_mailbox(message: Message) -> None:
    with db.transaction() as session:
        mailbox.keep(session, message)


def _nowhere(message: Message) -> None:
    raise MailNotTaken("AZORA_SMTP_URL is not set")
