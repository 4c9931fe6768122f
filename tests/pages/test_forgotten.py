"""A forgotten password: who asks learns nothing, who has the link chooses a new one, once, and is the only one in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.core.errors import DomainError
from azora_admin.flows import resetting
from azora_admin.identity.rules import Actor
from azora_admin.identity.tables import AuditEntry, OneTimeLink, Person
from tests.mailing import link_in, work
from tests.pages import market
from tests.pages.conftest import Browser, Counted, form_token

LENA, NEW = "lena@market.test", "an old lighthouse 7"


@pytest.fixture(autouse=True)
def lena(database: db.Database) -> None:
    market.add_person(LENA, "Lena", "learner")


def ask(client: FlaskClient, email: str = LENA) -> TestResponse:
    token = form_token(client.get("/forgot").text)
    return client.post("/forgot", data={"csrf_token": token, "email": email})


def mailed_link(client: FlaskClient, settings: Settings) -> str:
    assert ask(client).status_code == 200
    return link_in(work(settings)[0])


def choose(client: FlaskClient, link: str, password: str = NEW) -> TestResponse:
    token = form_token(client.get("/forgot").text)
    return client.post(link, data={"csrf_token": token, "password": password})


def enter(client: FlaskClient, password: str) -> int:
    token = form_token(client.get("/sign-in").text)
    data = {"csrf_token": token, "email": LENA, "password": password}
    return client.post("/sign-in", data=data).status_code


def test_by_the_mailed_link_a_new_password_is_chosen_and_the_old_one_is_over(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    link = mailed_link(client, settings)
    page = client.get(link)
    assert page.status_code == 200
    assert LENA in page.text
    answer = choose(client, link)
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert "Your password is changed" in client.get("/sign-in").text
    assert enter(app.test_client(), market.PASSWORD) == 422
    assert enter(client, NEW) == 303


def test_whoever_asks_gets_the_same_answer_for_every_address(
    client: FlaskClient, statements: Counted
) -> None:
    ask(client)
    with statements() as for_known:
        known = ask(client)
    with statements() as for_unknown:
        unknown = ask(client, "nobody@market.test")
    assert known.status_code == unknown.status_code == 200
    assert known.text.replace(LENA, "X") == unknown.text.replace("nobody@market.test", "X")
    assert for_known == for_unknown, "the same work takes the same time"


def test_an_unknown_address_and_a_machine_get_no_mail(client: FlaskClient, settings: Settings) -> None:
    market.add_person("robot@market.test", "Robot", "machine")
    for email in ("nobody@market.test", "robot@market.test"):
        ask(client, email)
    assert work(settings) == []


def test_a_link_opens_once(client: FlaskClient, settings: Settings) -> None:
    link = mailed_link(client, settings)
    assert choose(client, link).status_code == 303
    for answer in (client.get(link), choose(client, link, "another lighthouse 8")):
        assert answer.status_code == 410
        assert "This link is over" in answer.text


def test_of_ten_who_use_a_link_at_once_one_does(client: FlaskClient, settings: Settings) -> None:
    token = mailed_link(client, settings).rpartition("/")[2]
    actor = Actor(None, "", "page", "req_12345678", "192.0.2.1")

    def use(number: int) -> int:
        try:
            resetting.choose_password(actor, token=token, password=f"{NEW} and {number} more")
        except DomainError as over:
            return over.status
        return 200

    with ThreadPoolExecutor(10) as threads:
        assert sorted(threads.map(use, range(10))) == [200] + [410] * 9


def test_a_link_is_good_for_an_hour(client: FlaskClient, settings: Settings, test_clock: FixedClock) -> None:
    link = mailed_link(client, settings)
    test_clock.advance(timedelta(minutes=59))
    assert client.get(link).status_code == 200
    test_clock.advance(timedelta(minutes=2))
    assert client.get(link).status_code == 410
    assert choose(client, link).status_code == 410


def test_a_newer_link_takes_the_place_of_the_one_before(client: FlaskClient, settings: Settings) -> None:
    first, second = mailed_link(client, settings), mailed_link(client, settings)
    assert client.get(first).status_code == 410
    assert client.get(second).status_code == 200


def test_looking_at_a_link_does_not_use_it(client: FlaskClient, settings: Settings) -> None:
    link = mailed_link(client, settings)
    for _ in range(3):
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200


@pytest.mark.parametrize("token", ["x", "x" * 500, "%00", "..%2f..", "é"])
def test_a_made_up_link_is_over(client: FlaskClient, token: str) -> None:
    assert client.get(f"/reset/{token}").status_code in (404, 410)


def test_a_password_that_is_no_good_leaves_the_link_as_it_is(client: FlaskClient, settings: Settings) -> None:
    link = mailed_link(client, settings)
    for password in ("short", "qwertyuiop", "lena.market.test"):
        answer = choose(client, link, password)
        assert answer.status_code == 422
        assert 'href="#password"' in answer.text
        assert f'value="{password}"' not in answer.text
    assert choose(client, link).status_code == 303


def test_every_session_and_every_other_link_ends_and_the_person_is_told(
    browser: Browser, client: FlaskClient, settings: Settings
) -> None:
    thief = browser(LENA)
    assert thief.get("/account/").status_code == 200
    thief.post("/account/confirmation", data={"csrf_token": form_token(thief.get("/account/").text)})
    confirmation = link_in(work(settings)[0])
    choose(client, mailed_link(client, settings))
    assert thief.get("/account/").location.startswith("/sign-in")
    assert client.get(confirmation).status_code == 410
    told = work(settings)[0]
    assert (told.to, told.subject) == (LENA, "Your password was changed")
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "person.password_changed")).one()
    assert entry.after == {"ended_sessions_count": 1}
    assert entry.why == "forgotten, by a link"


def test_the_link_shows_that_the_address_is_theirs(client: FlaskClient, settings: Settings) -> None:
    choose(client, mailed_link(client, settings))
    with db.reading() as session:
        assert session.scalars(select(Person.email_confirmed_at).where(Person.email == LENA)).one()


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded"])
def test_the_link_leads_to_our_site_whatever_the_request_claims(
    client: FlaskClient, settings: Settings, header: str
) -> None:
    token = form_token(client.get("/forgot").text)
    forged = "host=evil.test" if header == "Forwarded" else "evil.test"
    with client:
        client.post("/forgot", data={"csrf_token": token, "email": LENA}, headers={header: forged})
    assert all("evil.test" not in mail.text for mail in work(settings))


def test_nobody_gets_more_than_three_mails_an_hour(
    client: FlaskClient, settings: Settings, test_clock: FixedClock
) -> None:
    for _ in range(5):
        assert ask(client).status_code == 200
    assert len(work(settings)) == 3
    test_clock.advance(timedelta(hours=2))
    ask(client)
    assert len(work(settings)) == 4


def test_a_place_that_asks_for_many_mails_has_to_wait(client: FlaskClient, test_clock: FixedClock) -> None:
    answers = [ask(client, f"person{number}@market.test") for number in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[-1].headers["Retry-After"] == "30"


def test_only_a_hash_of_the_token_is_kept(client: FlaskClient, settings: Settings) -> None:
    token = mailed_link(client, settings).rpartition("/")[2]
    with db.reading() as session:
        assert session.scalar(select(OneTimeLink.token_hash)) is not None
        tables = session.scalars(
            text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        ).all()
        holding = [
            name
            for name in tables
            if session.scalar(
                text(f'SELECT count(*) FROM "{name}" one WHERE one::text LIKE :it'), {"it": f"%{token}%"}
            )
        ]
    assert holding == ["mailbox_mail"], "the demo's mailbox is where the mail arrived"


def test_what_is_no_address_is_named(client: FlaskClient) -> None:
    for email in ("", "lena", "lena@market.test\nBcc: x@market.test"):
        answer = ask(client, email)
        assert answer.status_code == 422
        assert 'href="#email"' in answer.text


def test_the_browser_that_used_the_link_is_known(app: Flask, client: FlaskClient, settings: Settings) -> None:
    answer = choose(client, mailed_link(client, settings))
    assert any(cookie.startswith("azora_device_8000=") for cookie in answer.headers.getlist("Set-Cookie"))
