"""The page of one's own security: what lets somebody in, and ending it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core.ids import new_id
from tests.pages import market
from tests.pages.conftest import Browser, form_token
from tests.pages.stepping import SECURITY, enter, send

LENA = "lena@market.test"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) Version/18.4 Mobile/15E148 Safari/604.1"


@pytest.fixture
def lena(browser: Browser) -> FlaskClient:
    """A browser in which a learner is signed in."""
    market.add_person(LENA, "Lena Süß", "learner")
    return browser(LENA)


@pytest.fixture
def phone(app: Flask, lena: FlaskClient) -> FlaskClient:
    """Her phone, on which she is signed in too."""
    client = app.test_client()
    client.environ_base |= {"HTTP_USER_AGENT": PHONE, "REMOTE_ADDR": "192.0.2.7"}
    enter(client, LENA)
    return client


def ends(page: str) -> list[str]:
    """The addresses at which sessions on the page are ended."""
    return re.findall(r'action="(/account/security/sessions/[0-9a-f-]{36}/end)"', page)


def test_each_signed_in_browser_is_shown_in_words_this_one_first(
    lena: FlaskClient, phone: FlaskClient
) -> None:
    page = lena.get(SECURITY).text
    assert page.index("This one") < page.index("Safari on iPhone")
    assert "192.0.2.7" in page
    assert "#smartphone" in page
    assert len(ends(page)) == 1


def test_one_browser_is_signed_out_from_another(lena: FlaskClient, phone: FlaskClient) -> None:
    (path,) = ends(lena.get(SECURITY).text)
    for _ in range(2):
        assert send(lena, path).location == SECURITY
    assert "That browser is signed out." in lena.get(SECURITY).text
    assert phone.get(SECURITY).location.startswith("/sign-in?next=")
    assert lena.get(SECURITY).status_code == 200


def test_all_others_are_signed_out_at_once(app: Flask, lena: FlaskClient, phone: FlaskClient) -> None:
    others = [phone, app.test_client()]
    enter(others[1], LENA)
    assert send(lena, "/account/security/sessions/end-others").location == SECURITY
    assert [client.get(SECURITY).status_code for client in others] == [303, 303]
    page = lena.get(SECURITY).text
    assert ends(page) == []
    assert "Sign out all others" not in page


def test_nobody_signs_out_somebody_else(lena: FlaskClient, browser: Browser, phone: FlaskClient) -> None:
    market.add_person("mallory@market.test", "Mallory", "admin")
    mallory = browser("mallory@market.test")
    (path,) = ends(lena.get(SECURITY).text)
    for wrong in (path, f"/account/security/sessions/{new_id()}/end", "/account/security/sessions/x/end"):
        assert send(mallory, wrong).status_code == 404
    send(mallory, "/account/security/sessions/end-others")
    assert phone.get(SECURITY).status_code == 200


def test_htmx_gets_the_list_as_it_is_now(lena: FlaskClient, phone: FlaskClient) -> None:
    page = lena.get(SECURITY).text
    headers = {"HX-Request": "true", "HX-Target": "sessions"}
    answer = lena.post(ends(page)[0], data={"csrf_token": form_token(page)}, headers=headers)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="sessions">')
    assert "Safari on iPhone" not in answer.text
    assert "That browser is signed out." in answer.text


def test_a_session_is_ended_by_its_person_s_own_form_alone(lena: FlaskClient, phone: FlaskClient) -> None:
    (path,) = ends(lena.get(SECURITY).text)
    assert lena.post(path).status_code == 400
    assert phone.get(SECURITY).status_code == 200


def test_the_page_is_in_everybody_s_menu(lena: FlaskClient) -> None:
    assert lena.get("/account/").text.count(f'href="{SECURITY}"') == 2
