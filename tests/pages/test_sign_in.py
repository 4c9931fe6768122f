"""The door: who comes in, where they come to, and what it tells those who don't."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.audited import audited
from tests.pages import market
from tests.pages.conftest import Browser, form_token

HOMES = [
    (("admin",), "/admin/"),
    (("finance",), "/admin/"),
    (("support",), "/admin/"),
    (("instructor", "learner"), "/instructor/"),
    (("learner",), "/account/"),
    (("owner",), "/account/"),
]


def enter(client: FlaskClient, email: str, password: str, **more: str) -> tuple[int, str, str]:
    token = form_token(client.get("/sign-in").text)
    answer = client.post("/sign-in", data={"csrf_token": token, "email": email, "password": password, **more})
    return answer.status_code, answer.headers.get("Location", ""), answer.text


@pytest.mark.parametrize(("roles", "home"), HOMES)
def test_everybody_comes_to_their_own_first_page(app: Flask, roles: tuple[str, ...], home: str) -> None:
    market.add_person("somebody@market.test", "Some Body", *roles)
    client = app.test_client()
    assert enter(client, "somebody@market.test", market.PASSWORD)[:2] == (303, home)
    assert client.get("/").location == home
    assert client.get("/sign-in").location == home
    assert client.get(home).status_code == 200


def test_nobody_is_led_to_the_door(client: FlaskClient) -> None:
    assert client.get("/").location == "/sign-in"


def test_an_unknown_address_and_a_wrong_password_are_answered_in_the_same_words(app: Flask) -> None:
    market.add_person("somebody@market.test", "Some Body", "learner")
    known = enter(app.test_client(), "somebody@market.test", "not the password")
    unknown = enter(app.test_client(), "nobody@market.test", "not the password")
    assert known[0] == unknown[0] == 422
    sentence = "The e-mail address or the password is not right."
    assert sentence in known[2]
    assert sentence in unknown[2]


def test_what_is_missing_is_named_and_what_was_entered_is_kept(client: FlaskClient) -> None:
    status, _, page = enter(client, "somebody@market.test", "")
    assert status == 422
    assert '<a href="#password">Enter your password</a>' in page
    assert 'value="somebody@market.test"' in page
    assert "<title>Error: Sign in · Azora</title>" in page


def test_a_password_never_comes_back(client: FlaskClient) -> None:
    assert "not the password" not in enter(client, "nobody@market.test", "not the password")[2]


def test_after_signing_in_one_is_where_one_wanted_to_be(app: Flask) -> None:
    market.add_person("amara@market.test", "Amara Nwosu", "admin")
    client = app.test_client()
    turned_away = client.get("/admin/payments?status=failed")
    assert turned_away.location == "/sign-in?next=/admin/payments?status%3Dfailed"
    assert 'name="next" value="/admin/payments?status=failed"' in client.get(turned_away.location).text
    landed = enter(client, "amara@market.test", market.PASSWORD, next="/admin/payments?status=failed")
    assert landed[:2] == (303, "/admin/payments?status=failed")


def test_a_forged_way_back_leads_to_the_first_page(app: Flask) -> None:
    market.add_person("amara@market.test", "Amara Nwosu", "admin")
    assert enter(app.test_client(), "amara@market.test", market.PASSWORD, next="//evil.test/")[1] == "/admin/"


def test_under_htmx_one_is_led_to_the_door_and_back_to_the_page_one_was_on(client: FlaskClient) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/admin/payments?q=x"}
    answer = client.get("/admin/payments?q=xy", headers=headers)
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/sign-in?next=/admin/payments?q%3Dx"


def test_signing_out_ends_the_session_on_our_side_too(browser: Browser, app: Flask) -> None:
    market.add_person("amara@market.test", "Amara Nwosu", "admin")
    client = browser("amara@market.test")
    kept = client.get_cookie("azora_8000")
    assert kept
    token = form_token(client.get("/admin/").text)
    assert client.post("/sign-out", data={"csrf_token": token}).location == "/sign-in"
    thief = app.test_client()
    thief.set_cookie("azora_8000", kept.value)
    assert thief.get("/admin/").location.startswith("/sign-in")


def test_a_session_in_use_is_noted_and_an_idle_one_ends(browser: Browser) -> None:
    from datetime import timedelta

    from azora_admin.core import clock
    from azora_admin.core.clock import FixedClock

    market.add_person("amara@market.test", "Amara Nwosu", "admin")
    client = browser("amara@market.test")
    with clock.use(FixedClock(clock.now() + timedelta(hours=13))):
        assert client.get("/admin/").location.startswith("/sign-in")


def test_a_theme_is_kept_in_a_cookie_and_shown_on_the_next_page(browser: Browser) -> None:
    market.add_person("amara@market.test", "Amara Nwosu", "admin")
    client = browser("amara@market.test")
    token = form_token(client.get("/admin/payments").text)
    answer = client.post("/theme", data={"csrf_token": token, "theme": "dark", "next": "/admin/payments?"})
    assert (answer.status_code, answer.location) == (303, "/admin/payments")
    assert '<html lang="en" data-theme="dark">' in client.get("/admin/payments").text
    client.post("/theme", data={"csrf_token": token, "theme": "", "next": "/admin/"})
    assert '<html lang="en">' in client.get("/admin/payments").text


def test_a_theme_that_we_do_not_have_is_not_kept(browser: Browser) -> None:
    market.add_person("amara@market.test", "Amara Nwosu", "admin")
    client = browser("amara@market.test")
    token = form_token(client.get("/admin/").text)
    client.post("/theme", data={"csrf_token": token, "theme": '"><script>', "next": "/admin/"})
    assert '<html lang="en">' in client.get("/admin/").text


def test_the_demo_people_are_named_at_the_door_of_a_demo_alone(client: FlaskClient) -> None:
    assert "admin@demo.azora.test" in client.get("/sign-in").text


def test_who_comes_and_goes_is_in_the_audit_log_and_who_was_refused_is_not(app: Flask) -> None:
    person_id = market.add_person("amara@market.test", "Amara Nwosu", "admin")
    client = app.test_client()
    enter(client, "amara@market.test", "not the password")
    enter(client, "amara@market.test", market.PASSWORD)
    client.post("/sign-out", data={"csrf_token": form_token(client.get("/admin/").text)})
    came, went = audited()
    assert (came.act, went.act) == ("person.signed_in", "person.signed_out")
    assert (came.actor_id, came.actor_name, came.via) == (person_id, "Amara Nwosu", "page")
    assert went.actor_id == person_id
    assert came.after == went.after
    assert set(came.after or ()) == {"session_id"}
    assert came.request_id != went.request_id
