"""Mails on their way: through a real server, or into the demo's mailbox; and what becomes of those that can't go."""

from __future__ import annotations

import io
import logging

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from azora_admin.core import clock, db
from azora_admin.core.config import Settings
from azora_admin.core.letters import Letter, seal_secret
from azora_admin.identity.rules.letters import PasswordChanged, ResetPassword
from azora_admin.jobs import mail as jobs
from azora_admin.messaging import mail, mailbox
from azora_admin.messaging.tables import Mail
from tests.gateways.mail.server import mail_server
from tests.pages import market

pytestmark = pytest.mark.usefixtures("database")


def enqueue(letter: Letter, to: str = "lena@example.com") -> None:
    with db.transaction() as session:
        mail.enqueue(session, letter, to=to, key="a:1:b")


def row() -> Mail:
    with db.reading() as session:
        return session.scalars(select(Mail)).one()


def send(settings: Settings) -> Mail:
    jobs.send(row().id, jobs.postbox(settings), settings)
    return row()


def reset(settings: Settings) -> ResetPassword:
    return ResetPassword(seal_secret(settings.secret_key.get_secret_value(), "the-token"))


def live(settings: Settings, url: str = "") -> Settings:
    changes = {"mode": "live", "base_url": "https://azora.example"}
    server = {"smtp_url": type(settings.smtp_url)(f"smtp+plain://{url}")} if url else {}
    return settings.model_copy(update=changes | server)


def test_a_mail_goes_out_with_its_link_to_the_site_of_the_settings(settings: Settings) -> None:
    enqueue(reset(settings))
    with mail_server() as post:
        assert send(live(settings, post.url)).state == "sent"
    (arrived,) = post.mails
    text, html = arrived.get_body(("plain",)), arrived.get_body(("html",))
    assert text is not None
    assert html is not None
    assert arrived["Subject"] == "Choose a new password"
    assert "\nhttps://azora.example/reset/the-token\n" in text.get_content().replace("\r\n", "\n")
    assert 'href="https://azora.example/reset/the-token"' in html.get_content()


def test_a_mail_that_is_sent_already_is_not_sent_again(settings: Settings) -> None:
    enqueue(reset(settings))
    with mail_server() as post:
        for _ in range(3):
            send(live(settings, post.url))
        assert len(post.mails) == 1


def test_a_refused_mail_is_not_tried_again(settings: Settings) -> None:
    enqueue(reset(settings))
    with mail_server() as post:
        post.refuse_recipient = "550 no such mailbox"
        found = send(live(settings, post.url))
    assert (found.state, found.attempts, found.last_error) == ("failed", 1, "the recipient is refused (550)")


def test_without_a_server_a_live_mail_waits_and_says_why(settings: Settings) -> None:
    enqueue(reset(settings))
    found = send(live(settings))
    assert (found.state, found.attempts, found.last_error) == ("queued", 1, "AZORA_SMTP_URL is not set")


def test_in_the_demo_a_mail_arrives_in_the_mailbox_once(settings: Settings) -> None:
    enqueue(reset(settings))
    assert send(settings).state == "sent"
    with db.reading() as session:
        (arrived,) = mailbox.newest(session)
        assert mailbox.newest(session, to="other@example.com") == []
    assert (arrived.to, arrived.subject) == ("lena@example.com", "Choose a new password")
    assert "http://127.0.0.1:8000/reset/the-token" in arrived.text


def test_a_letter_without_its_words_or_its_key_waits_and_tells_no_secret(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    enqueue(reset(settings))
    other = type(settings.secret_key)("another secret key, of thirty-two characters")
    with caplog.at_level(logging.DEBUG):
        found = send(settings.model_copy(update={"secret_key": other}))
    assert (found.state, found.last_error) == ("queued", "SealBroken")
    assert "the-token" not in caplog.text
    assert "lena@example.com" not in caplog.text


def test_what_came_from_a_person_is_text_in_a_mail(settings: Settings) -> None:
    enqueue(PasswordChanged(at="<b>now</b>"))
    with mail_server() as post:
        send(live(settings, post.url))
    html = post.mails[0].get_body(("html",))
    assert html is not None
    assert "&lt;b&gt;now&lt;/b&gt;" in html.get_content()


def test_a_receipt_goes_out_with_its_document_as_a_pdf(settings: Settings) -> None:
    lena = market.add_person("lena@example.com", "Lena Süß", "learner")
    teacher = market.add_person("priya@example.com", "Priya Raman", "instructor")
    market.pay(lena, market.add_course("Rust\tfor\u2028all", teacher, 4900))
    with mail_server() as post:
        assert send(live(settings, post.url)).state == "sent"
    (arrived,) = post.mails
    assert arrived["Subject"] == "Your receipt for $49.00"
    (file,) = arrived.iter_attachments()
    assert file.get_content_type() == "application/pdf"
    assert file.get_filename() == f"R-{clock.now().year}-000001.pdf"
    (page,) = PdfReader(io.BytesIO(file.get_content())).pages
    assert "Lena Süß" in page.extract_text()
