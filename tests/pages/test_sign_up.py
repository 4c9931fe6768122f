"""A learner opens an account on the page, and shows by a mail that the address is theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.identity.tables import AuditEntry, Person
from tests.mailing import link_in, work
from tests.pages import market
from tests.pages.conftest import Browser, form_token

GOOD = {"name": "Lena Süß", "email": "Lena@Market.test", "password": "an old lighthouse 7"}


def sign_up(client: FlaskClient, **changes: str) -> TestResponse:
    token = form_token(client.get("/sign-up").text)
    return client.post("/sign-up", data={"csrf_token": token, **GOOD, **changes})


def confirm(client: FlaskClient, link: str) -> TestResponse:
    return client.post(link, data={"csrf_token": form_token(client.get("/forgot").text)})


def confirmed_at(email: str = "lena@market.test") -> object:
    with db.reading() as session:
        return session.scalars(select(Person.email_confirmed_at).where(Person.email == email)).one()


def test_whoever_signs_up_is_in_and_is_asked_to_confirm_the_address(client: FlaskClient) -> None:
    answer = sign_up(client)
    assert (answer.status_code, answer.location) == (303, "/account/")
    page = client.get("/account/").text
    assert "Your account is open." in page
    assert "Lena Süß" in page
    assert "Confirm your e-mail address" in page
    assert confirmed_at() is None


def test_by_the_mailed_link_the_address_is_confirmed_once(
    app: Flask, client: FlaskClient, settings: Settings
) -> None:
    sign_up(client)
    (mail,) = work(settings)
    assert (mail.to, mail.subject) == ("lena@market.test", "Confirm your e-mail address")
    assert "Lena" not in mail.text, "whoever signs up must not write to others through us"
    link = link_in(mail)
    reader = app.test_client()  # a link may be opened in another browser
    page = reader.get(link)
    assert page.status_code == 200
    assert "lena@market.test" in page.text
    assert confirmed_at() is None
    form = form_token(page.text)
    assert reader.post(link, data={"csrf_token": form}).status_code == 303
    assert confirmed_at() is not None
    assert "Confirm your e-mail address" not in client.get("/account/").text
    assert reader.get(link).status_code == 410
    assert reader.post(link, data={"csrf_token": form}).status_code == 410
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "person.email_confirmed")).one()
    assert entry.after == {"email": "lena@market.test"}


def test_the_link_is_mailed_again_until_it_is_used(
    client: FlaskClient, settings: Settings, test_clock: FixedClock
) -> None:
    sign_up(client)
    first = link_in(work(settings)[0])
    form = form_token(client.get("/account/").text)
    for _ in range(5):
        client.post("/account/confirmation", data={"csrf_token": form})
    mails = work(settings)
    assert len(mails) == 3, "three an hour"
    assert client.get(first).status_code == 410
    assert confirm(client, link_in(mails[0])).status_code == 303
    test_clock.advance(timedelta(hours=2))
    client.post("/account/confirmation", data={"csrf_token": form})
    assert len(work(settings)) == 3, "there is nothing to confirm any more"


def test_a_link_is_good_for_a_day(client: FlaskClient, settings: Settings, test_clock: FixedClock) -> None:
    sign_up(client)
    link = link_in(work(settings)[0])
    test_clock.advance(timedelta(hours=25))
    assert client.get(link).status_code == 410
    assert confirm(client, link).status_code == 410
    assert confirmed_at() is None


def test_a_link_for_another_purpose_opens_nothing(client: FlaskClient, settings: Settings) -> None:
    sign_up(client)
    link = link_in(work(settings)[0])
    assert client.get(link.replace("/confirm/", "/reset/")).status_code == 410


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": ""}, "name"),
        ({"name": "Le\0na"}, "name"),
        ({"email": ""}, "email"),
        ({"email": "lena"}, "email"),
        ({"password": ""}, "password"),
        ({"password": "short"}, "password"),
        ({"password": "qwertyuiop"}, "password"),
        ({"password": "Lena-Süß-1"}, "password"),
        ({"email": "taken@market.test"}, "email"),
    ],
)
def test_what_can_not_be_is_named_and_what_was_entered_is_kept(
    client: FlaskClient, changes: dict[str, str], named: str
) -> None:
    market.add_person("taken@market.test", "Taken", "learner")
    answer = sign_up(client, **changes)
    assert answer.status_code == 422
    assert f'<a href="#{named}">' in answer.text
    assert f'aria-describedby="{"password-hint " if named == "password" else ""}{named}-error"' in answer.text
    assert GOOD["password"] not in answer.text
    assert "<title>Error: Create an account" in answer.text
    if named != "name":
        assert 'value="Lena Süß"' in answer.text


def test_roles_and_confirmation_are_not_for_the_asking(client: FlaskClient) -> None:
    sign_up(client, roles="admin", email_confirmed_at="2026-01-01", is_admin="1")
    with db.reading() as session:
        person = session.scalars(select(Person)).one()
    assert (person.roles, person.email_confirmed_at) == (["learner"], None)


def test_who_is_signed_in_needs_no_account(browser: Browser) -> None:
    market.add_person("amara@market.test", "Amara Nwosu", "admin")
    assert browser("amara@market.test").get("/sign-up").location == "/admin/"


def test_sign_in_leads_to_sign_up_and_to_a_forgotten_password(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    assert 'href="/sign-up"' in page
    assert 'href="/forgot"' in page
