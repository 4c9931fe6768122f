"""Another password and another address, for somebody who is signed in and proves it once more."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.identity.rules.tries import PAIR
from azora_admin.identity.tables import AuditEntry, Person
from tests.mailing import link_in, work
from tests.pages import market
from tests.pages.conftest import Browser, form_token

LENA, OTHER, NEW = "lena@market.test", "lena@elsewhere.test", "an old lighthouse 7"


@pytest.fixture
def lena(browser: Browser) -> FlaskClient:
    """Lena's browser."""
    market.add_person(LENA, "Lena", "learner")
    return browser(LENA)


def send(client: FlaskClient, path: str, **fields: str) -> TestResponse:
    token = form_token(client.get("/account/").text)
    return client.post(path, data={"csrf_token": token, **fields})


def change_password(client: FlaskClient, current: str = market.PASSWORD, new: str = NEW) -> TestResponse:
    return send(client, "/account/password", current_password=current, new_password=new)


def change_email(client: FlaskClient, email: str = OTHER, password: str = market.PASSWORD) -> TestResponse:
    return send(client, "/account/email", email=email, current_password=password)


def address() -> str:
    with db.reading() as session:
        return session.scalars(select(Person.email).where(Person.name == "Lena")).one()


def test_another_password_ends_every_other_session_and_is_told_by_mail(
    lena: FlaskClient, browser: Browser, settings: Settings
) -> None:
    elsewhere = browser(LENA)
    answer = change_password(lena)
    assert (answer.status_code, answer.location) == (303, "/account/")
    assert "Your password is changed" in lena.get("/account/").text
    assert elsewhere.get("/account/").location.startswith("/sign-in")
    assert [mail.subject for mail in work(settings)] == ["Your password was changed"]
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "person.password_changed")).one()
    assert (entry.actor_name, entry.after, entry.why) == ("Lena", {"ended_sessions_count": 1}, "by its owner")


@pytest.mark.parametrize(
    ("current", "new", "named"),
    [
        ("", NEW, "current_password"),
        ("wrong", NEW, "current_password"),
        (market.PASSWORD, "", "new_password"),
        (market.PASSWORD, "qwertyuiop", "new_password"),
        (market.PASSWORD, "lena.market", "new_password"),
    ],
)
def test_a_password_that_is_wrong_or_no_good_changes_nothing(
    lena: FlaskClient, browser: Browser, current: str, new: str, named: str
) -> None:
    answer = change_password(lena, current, new)
    assert answer.status_code == 422
    assert f'<a href="#{named}">' in answer.text
    browser(LENA)


def test_whoever_sits_at_an_open_browser_can_not_try_passwords_there_for_long(lena: FlaskClient) -> None:
    answers = [change_password(lena, "wrong").status_code for _ in range(PAIR.free + 1)]
    assert answers == [422] * PAIR.free + [429]


def test_another_address_is_confirmed_first_and_the_old_one_is_told(
    app: Flask, lena: FlaskClient, settings: Settings
) -> None:
    assert change_email(lena).status_code == 303
    assert address() == LENA
    (mail,) = work(settings)
    assert mail.to == OTHER
    link = link_in(mail)
    reader = app.test_client()
    assert OTHER in reader.get(link).text
    assert reader.post(link, data={"csrf_token": form_token(reader.get(link).text)}).status_code == 303
    assert address() == OTHER
    told = work(settings)[0]
    assert (told.to, told.subject) == (LENA, "Your e-mail address was changed")
    assert OTHER in told.text
    assert OTHER in lena.get("/account/").text
    with db.reading() as session:
        acts = session.scalars(select(AuditEntry.act).where(AuditEntry.act.like("person.email%"))).all()
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "person.email_changed")).one()
    assert sorted(acts) == ["person.email_change_asked", "person.email_changed"]
    assert (entry.before, entry.after) == ({"email": LENA}, {"email": OTHER})


def test_whether_an_address_has_an_account_is_told_only_to_whoever_reads_its_mail(
    app: Flask, lena: FlaskClient, settings: Settings
) -> None:
    market.add_person(OTHER, "Other", "learner")
    assert change_email(lena).status_code == 303
    link = link_in(work(settings)[0])
    reader = app.test_client()
    answer = reader.post(link, data={"csrf_token": form_token(reader.get(link).text)})
    assert answer.status_code == 422
    assert "This e-mail address has an account already." in answer.text
    assert address() == LENA


def test_of_two_who_want_an_address_the_first_to_confirm_gets_it(
    lena: FlaskClient, browser: Browser, settings: Settings
) -> None:
    market.add_person("tom@market.test", "Tom", "learner")
    tom = browser("tom@market.test")
    change_email(lena)
    lenas = link_in(work(settings)[0])
    change_email(tom)
    toms = link_in(work(settings)[0])
    assert send(tom, toms).status_code == 303
    assert send(lena, lenas).status_code == 422


@pytest.mark.parametrize(
    ("email", "password", "named"),
    [
        ("", market.PASSWORD, "email"),
        ("lena", market.PASSWORD, "email"),
        (LENA.upper(), market.PASSWORD, "email"),
        (OTHER, "", "current_password"),
        (OTHER, "wrong", "current_password"),
    ],
)
def test_an_address_that_can_not_be_is_named(
    lena: FlaskClient, settings: Settings, email: str, password: str, named: str
) -> None:
    answer = change_email(lena, email, password)
    assert answer.status_code == 422
    assert f'<a href="#{named}">' in answer.text
    assert work(settings) == []


def test_a_new_password_ends_the_link_to_a_new_address(lena: FlaskClient, settings: Settings) -> None:
    change_email(lena)
    link = link_in(work(settings)[0])
    change_password(lena)
    assert lena.get(link).status_code == 410


@pytest.mark.parametrize("path", ["/account/email", "/account/password", "/account/confirmation"])
def test_a_form_from_elsewhere_changes_nothing(lena: FlaskClient, path: str) -> None:
    fields = {"email": OTHER, "current_password": market.PASSWORD, "new_password": NEW}
    assert lena.post(path, data=fields).status_code == 400
