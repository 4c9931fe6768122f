"""A real mail server for tests: it speaks SMTP on a port of its own and keeps what it is given."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword


@dataclass
class Post:
    """What a server was given, and what it is to answer instead of taking it."""

    url: str = ""
    sender: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    refuse_recipient: str = ""
    refuse_mail: str = ""

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: object, session: object, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:  # noqa: N802
        if self.refuse_mail:
            return self.refuse_mail
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=default))
        self.sender.append(str(envelope.mail_from))
        return "250 OK"


class OnAnyPort(Controller):
    """The library's controller, which knows its port only once the system has given one."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def mail_server(
    *, tls: ssl.SSLContext | None = None, password: str | None = None, implicit_tls: bool = False
) -> Iterator[Post]:
    """A server for the time of the block; with ``tls`` it offers STARTTLS, or begins encrypted."""
    post = Post()

    def check(server: object, session: object, envelope: object, mechanism: str, data: Any) -> AuthResult:
        expected = (b"azora", (password or "").encode())
        good = isinstance(data, LoginPassword) and (data.login, data.password) == expected
        return AuthResult(success=good, handled=False)

    options: dict[str, Any] = {"ssl_context": tls} if implicit_tls else {"tls_context": tls}
    if password is not None:
        options |= {"authenticator": check, "auth_required": True, "auth_require_tls": tls is not None}
    controller = OnAnyPort(post, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        post.url = f"127.0.0.1:{controller.port}"
        yield post
    finally:
        controller.stop()
