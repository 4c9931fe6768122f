"""Mails to a server that speaks SMTP: what arrives there, and what its refusals mean for us."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from azora_admin.core import db
from azora_admin.core.config import Settings, load_settings
from azora_admin.core.letters import Message
from azora_admin.gateways.mail.smtp import MailNotTaken, MailRefused, MailServer, compose
from tests.gateways.mail.certificates import write_certificate
from tests.gateways.mail.server import mail_server

MAIL_ID = UUID("0197c6a0-0000-7000-8000-000000000001")
MESSAGE = Message(
    MAIL_ID, "lena@example.com", "Grüße — a subject", "Hello Ünïcode.\n\nhttps://x.test/a\n", "<p>Hello</p>"
)
SENDER = "Azora <no-reply@azora.test>"


def settings_for(url: str) -> Settings:
    return load_settings({"smtp_url": url, "mail_from": SENDER})


def send(url: str, message: Message = MESSAGE) -> None:
    MailServer(settings_for(url)).send(message)


def to(address: str) -> Message:
    return Message(MAIL_ID, address, "Subject", "Text\n", "<p>Text</p>")


def test_a_mail_arrives_whole_as_text_and_as_html() -> None:
    with mail_server() as post:
        send(f"smtp+plain://{post.url}")
    (mail,) = post.mails
    assert (mail["Subject"], mail["To"], mail["From"]) == ("Grüße — a subject", "lena@example.com", SENDER)
    assert mail["Message-ID"] == f"<{MAIL_ID}@azora.test>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == "Hello Ünïcode.\n\nhttps://x.test/a\n"
    assert html.get_content().strip() == "<p>Hello</p>"
    assert post.sender == ["no-reply@azora.test"]


def test_smtp_goes_on_only_encrypted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, tls = write_certificate(tmp_path)
    with mail_server() as plain, pytest.raises(MailNotTaken, match="lacks something"):
        send(f"smtp://{plain.url}")
    with mail_server(tls=tls) as post:
        with pytest.raises(MailNotTaken, match="SSLCertVerificationError"):
            send(f"smtp://{post.url}")
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        send(f"smtp://{post.url}")
        assert len(post.mails) == 1
    with mail_server(tls=tls, implicit_tls=True) as post:
        send(f"smtps://{post.url}")
        assert len(post.mails) == 1


def test_name_and_password_are_those_of_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, tls = write_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with mail_server(tls=tls, password="p@ss/word") as post:
        send(f"smtp://azora:p%40ss%2Fword@{post.url}")
        with pytest.raises(MailNotTaken, match=r"SMTPAuthenticationError \(535\)") as refused:
            send(f"smtp://azora:wrong-secret@{post.url}")
    assert len(post.mails) == 1
    assert "wrong-secret" not in str(refused.value)


@pytest.mark.parametrize("answer", ["550 no such mailbox", "553 not here", "501 what?"])
def test_a_recipient_who_is_not_there_is_refused_for_good(answer: str) -> None:
    with mail_server() as post:
        post.refuse_recipient = answer
        with pytest.raises(MailRefused, match=answer[:3]):
            send(f"smtp+plain://{post.url}")


@pytest.mark.parametrize("answer", ["450 greylisted", "452 full"])
def test_a_recipient_who_is_not_taken_now_is_to_be_tried_again(answer: str) -> None:
    with mail_server() as post:
        post.refuse_recipient = answer
        with pytest.raises(MailNotTaken, match=answer[:3]):
            send(f"smtp+plain://{post.url}")


def test_a_mail_that_is_refused_tells_for_good_or_for_now_by_its_code() -> None:
    with mail_server() as post:
        post.refuse_mail = "554 looks like spam"
        with pytest.raises(MailRefused, match="554"):
            send(f"smtp+plain://{post.url}")
        post.refuse_mail = "451 try later"
        with pytest.raises(MailNotTaken, match="451"):
            send(f"smtp+plain://{post.url}")


def test_a_server_that_is_not_there_is_tried_again() -> None:
    with mail_server() as post:
        url = post.url
    with pytest.raises(MailNotTaken, match="ConnectionRefusedError"):
        send(f"smtp+plain://{url}")


def test_inside_a_transaction_nothing_is_sent(database: db.Database) -> None:
    with mail_server() as post:
        with db.transaction(), pytest.raises(RuntimeError, match="inside a transaction"):
            send(f"smtp+plain://{post.url}")
        assert post.mails == []


@pytest.mark.parametrize(
    "message",
    [
        to("lena@example.com\nBcc: all@example.com"),
        to("lena@example.com\r\nSubject: other"),
        to("lena@example.com, other@example.com"),
        to("Lena <lena@example.com>"),
        to(""),
        Message(MAIL_ID, "lena@example.com", "Hello\nBcc: all@example.com", "Text", "<p>"),
        Message(MAIL_ID, "lena@example.com", "Hello\r\n\r\nanother body", "Text", "<p>"),
    ],
)
def test_nothing_from_outside_begins_a_header(message: Message) -> None:
    with pytest.raises(MailRefused):
        compose(message, sender=SENDER)


@pytest.mark.parametrize(
    ("address", "written"),
    [("lena@bücher.example", "lena@xn--bcher-kva.example"), ("o'neil+x@example.com", "o'neil+x@example.com")],
)
def test_a_domain_is_written_in_ascii(address: str, written: str) -> None:
    with mail_server() as post:
        send(f"smtp+plain://{post.url}", to(address))
    assert post.mails[0]["To"] == written


def test_the_date_is_the_clocks(test_clock: object) -> None:
    assert compose(MESSAGE, sender=SENDER)["Date"] == "Wed, 01 Jul 2026 12:00:00 +0000"
