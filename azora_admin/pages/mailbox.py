"""The demo's mailbox, open to everybody: whoever forgot a password can't sign in to read how to get in.

There is none outside the demo, whose people's password everybody knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Blueprint, render_template, request

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.messaging import mailbox, wording
from azora_admin.messaging.wording import Paragraph
from azora_admin.web import guards


@dataclass(frozen=True, slots=True)
class ShownMail:
    """A mail as the page shows it."""

    mail_id: UUID
    to: str
    subject: str
    delivered_at: datetime
    paragraphs: list[Paragraph]


def blueprint(settings: Settings) -> Blueprint:
    """GET /demo/mailbox."""
    pages = Blueprint("mailbox", __name__, url_prefix="/demo")
    guards.open_to_all(pages)

    @pages.get("/mailbox")
    def home() -> str:
        """The newest mails, or those ``to`` one address."""
        to = request.args.get("to", "")
        with db.reading() as session:
            found = mailbox.newest(session, to=to or None)
        mails = [
            ShownMail(
                one.mail_id,
                one.to,
                one.subject,
                one.delivered_at,
                wording.paragraphs(one.text, site=settings.public_url),
            )
            for one in found
        ]
        return render_template("mailbox/home.html", mails=mails, to=to)

    return pages
