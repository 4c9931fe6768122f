"""The demo's mailbox: mails with links that can be followed; and none of it outside the demo."""

from __future__ import annotations

from flask.testing import FlaskClient

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.core.ids import new_id
from azora_admin.core.letters import Message
from azora_admin.messaging import mailbox
from tests.pages.conftest import Counted


def arrive(*messages: tuple[str, str]) -> None:
    with db.transaction() as session:
        for to, text in messages:
            mailbox.keep(session, Message(new_id(), to, f"Subject to {to}", text, ""))


def test_an_empty_mailbox_says_what_would_be_there(client: FlaskClient) -> None:
    assert "No mails yet" in client.get("/demo/mailbox").text


def test_a_mail_is_shown_as_text_and_only_our_links_can_be_followed(client: FlaskClient) -> None:
    arrive(("lena@market.test", "<b>Hello</b>\n\nhttp://127.0.0.1:8000/reset/abc\n\nhttp://evil.test/x\n"))
    page = client.get("/demo/mailbox").text
    assert '<a href="http://127.0.0.1:8000/reset/abc">' in page
    assert "&lt;b&gt;Hello&lt;/b&gt;" in page
    assert 'href="http://evil.test' not in page


def test_one_address_may_be_looked_at_alone(client: FlaskClient) -> None:
    arrive(("lena@market.test", "One"), ("tom@market.test", "Two"))
    page = client.get("/demo/mailbox?to=tom@market.test").text
    assert "Subject to tom@market.test" in page
    assert "Subject to lena@market.test" not in page


def test_a_full_mailbox_costs_the_same_statements(client: FlaskClient, statements: Counted) -> None:
    arrive(("lena@market.test", "One"))
    with statements() as few:
        client.get("/demo/mailbox")
    arrive(*[("lena@market.test", f"Number {number}") for number in range(60)])
    with statements() as many:
        page = client.get("/demo/mailbox").text
    assert len(few) == len(many)
    assert page.count("<details") == mailbox.SHOWN


def test_outside_the_demo_there_is_no_mailbox(settings: Settings, database: db.Database) -> None:
    live = create_app(settings.model_copy(update={"mode": "live"})).test_client()
    assert live.get("/demo/mailbox").status_code == 404
    assert "mailbox" not in live.get("/forgot").text
