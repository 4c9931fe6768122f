"""A mail server, spoken to by SMTP (RFC 5321).

``smtp://`` goes on only encrypted (STARTTLS), ``smtps://`` begins so; both check the server's certificate.
``smtp+plain://`` is for a relay inside a network of one's own.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from azora_admin.core import clock, db
from azora_admin.core.config import Settings
from azora_admin.core.letters import Message

_SECONDS: Final = 15.0
_PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


class MailRefused(Exception):
    """The server will never take this mail: the address isn't there, say. The message holds no secret."""


class MailNotTaken(Exception):
    """The server can't be reached, or not now, or its word was lost: the same mail is to be sent again."""


class MailServer:
    """The server that ``settings`` name; a connection is made for each mail."""

    def __init__(self, settings: Settings) -> None:
        url = urlsplit(settings.smtp_url.get_secret_value())
        self._scheme = url.scheme
        self._host, self._port = url.hostname or "", url.port or _PORTS[url.scheme]
        self._user, self._password = unquote(url.username or ""), unquote(url.password or "")
        self._sender = settings.mail_sender

    def send(self, message: Message) -> None:
        """Hand ``message`` over. Raises MailRefused or MailNotTaken; RuntimeError inside a transaction."""
        db.forbid_inside_transaction()
        mail = compose(message, sender=self._sender)
        with _our_errors(), self._connection() as server:
            server.send_message(mail)

    def greet(self) -> None:
        """Connect, sign in and say goodbye. Raises MailNotTaken, which says why no mail would go out."""
        db.forbid_inside_transaction()
        with _our_errors(), self._connection() as server:
            server.noop()

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        name = _domain(self._sender)
        trusted = ssl.create_default_context()
        if self._scheme == "smtps":
            opened: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, local_hostname=name, timeout=_SECONDS, context=trusted
            )
        else:
            opened = smtplib.SMTP(self._host, self._port, local_hostname=name, timeout=_SECONDS)
        with opened as server:
            if self._scheme == "smtp":
                server.starttls(context=trusted)
            if self._user:
                server.login(self._user, self._password)
            yield server


def compose(message: Message, *, sender: str) -> EmailMessage:
    """``message`` in the form of RFC 5322: text, HTML, and the files that go along.

    Raises MailRefused when the address or the subject can't stand in a header: nothing that came from outside can
    begin a header of its own.
    """
    mail = EmailMessage(SMTP)
    name, address = parseaddr(sender)
    try:
        mail["From"] = Address(display_name=name, addr_spec=address)
        mail["To"] = Address(addr_spec=_deliverable(message.to))
        mail["Subject"] = message.subject
    except (EmailNotValidError, ValueError, IndexError) as error:
        raise MailRefused(f"a header can't be written: {type(error).__name__}") from None
    mail["Date"] = format_datetime(clock.now())
    # The same for every try, so that a mail that came twice is shown once.
    mail["Message-ID"] = f"<{message.mail_id}@{_domain(sender)}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    mail.add_alternative(message.html, subtype="html")
    for file in message.attachments:
        main, _, sub = file.kind.partition("/")
        mail.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    return mail


def _deliverable(address: str) -> str:
    """The address with its domain in ASCII: many servers don't speak SMTPUTF8 (RFC 6531)."""
    checked = validate_email(address, check_deliverability=False, test_environment=True)
    return f"{checked.local_part}@{checked.ascii_domain}"


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPRecipientsRefused as refusal:
        code = next(iter(refusal.recipients.values()))[0]
        if code < 500:
            raise MailNotTaken(f"the recipient is refused for now ({code})") from None
        raise MailRefused(f"the recipient is refused ({code})") from None
    except smtplib.SMTPDataError as refusal:
        if refusal.smtp_code < 500:
            raise MailNotTaken(f"the mail is refused for now ({refusal.smtp_code})") from None
        raise MailRefused(f"the mail is refused ({refusal.smtp_code})") from None
    except smtplib.SMTPNotSupportedError as refusal:
        raise MailNotTaken(f"the server lacks something: {refusal}") from None
    except smtplib.SMTPResponseException as refusal:
        # At the greeting, the login or the sender: not this mail is at fault, but how we are set up.
        raise MailNotTaken(f"{type(refusal).__name__} ({refusal.smtp_code})") from None
    except (smtplib.SMTPException, OSError) as error:
        raise MailNotTaken(f"the server can't be reached: {type(error).__name__}") from None
