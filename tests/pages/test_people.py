"""People on pages: found, given roles, looked at through their own eyes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import PersonId, new_id
from tests.pages import market
from tests.pages.conftest import Browser, form_token
from tests.web.proofs import prove_all_sessions

ADMIN, SUPPORT, ELENA = "amara@market.test", "sam@market.test", "elena@market.test"


@pytest.fixture
def elena() -> PersonId:
    market.add_person(ADMIN, "Amara Nwosu", "admin")
    market.add_person(SUPPORT, "Sam Support", "support")
    return market.add_person(ELENA, "Elena Kovacs", "learner")


def post(client: FlaskClient, path: str, page: str, **fields: object) -> TestResponse:
    """A form of ``page``, filled in and sent."""
    return client.post(path, data={"csrf_token": form_token(client.get(page).text), **fields})


def test_a_search_answers_htmx_with_the_results_and_the_address(browser: Browser, elena: PersonId) -> None:
    headers = {"HX-Request": "true", "HX-Target": "results"}
    answer = browser(SUPPORT).get("/admin/people?q=kov&role=", headers=headers)
    assert answer.headers["HX-Push-Url"] == "/admin/people?q=kov"
    assert answer.text.lstrip().startswith('<div id="results">')
    assert f"person-{elena}" in answer.text
    assert "Sam Support" not in answer.text


def test_nobody_found_says_how_people_are_found(browser: Browser, elena: PersonId) -> None:
    assert "Nobody is found by “&lt;zzz&gt;”" in browser(SUPPORT).get("/admin/people?q=<zzz>").text


def test_a_cursor_of_the_list_is_none_of_a_search(browser: Browser, elena: PersonId) -> None:
    market.add_learners(range(30))
    client = browser(SUPPORT)
    following = client.get("/admin/people").text.split('rel="next" href="')[1].split('"')[0]
    assert client.get(following.replace("&amp;", "&")).status_code == 200
    assert client.get(following.replace("&amp;", "&") + "&q=learner").status_code == 422


def test_roles_are_changed_by_an_administrator_with_a_reason(browser: Browser, elena: PersonId) -> None:
    client, page = browser(ADMIN), f"/admin/people/{elena}"
    prove_all_sessions(clock.now())
    form = {"roles": ["learner", "instructor"], "version": 1, "why": "signed the agreement"}
    assert post(client, f"{page}/roles", page, **form).status_code == 303
    shown = client.get(page).text
    assert "The roles are changed." in shown
    assert "Instructor, Learner" in shown


def test_what_is_wrong_is_told_beside_its_field_and_nothing_entered_is_lost(
    browser: Browser, elena: PersonId
) -> None:
    client, page = browser(ADMIN), f"/admin/people/{elena}"
    prove_all_sessions(clock.now())
    answer = post(client, f"{page}/roles", page, roles=["owner"], version=1, why="")
    assert answer.status_code == 422
    assert '<a href="#roles-why">' in answer.text
    assert 'aria-describedby="roles-why-hint roles-why-error"' in answer.text
    assert 'value="owner" checked' in answer.text


def test_who_saw_an_older_version_is_told_so_and_may_send_again(browser: Browser, elena: PersonId) -> None:
    client, page = browser(ADMIN), f"/admin/people/{elena}"
    prove_all_sessions(clock.now())
    post(client, f"{page}/roles", page, roles=["owner"], version=1, why="asked for")
    answer = post(client, f"{page}/roles", page, roles=["instructor"], version=1, why="asked for")
    assert answer.status_code == 409
    assert "changed by somebody else" in answer.text
    assert 'name="version" value="2"' in answer.text


def test_support_sees_roles_and_can_not_change_them(browser: Browser, elena: PersonId) -> None:
    client, page = browser(SUPPORT), f"/admin/people/{elena}"
    assert "Change roles" not in client.get(page).text
    assert post(client, f"{page}/roles", page, roles=["admin"], version=1, why="why not").status_code == 403


def test_a_look_through_other_eyes_shows_their_pages_says_so_and_changes_nothing(
    browser: Browser, elena: PersonId
) -> None:
    client, page = browser(SUPPORT), f"/admin/people/{elena}"
    prove_all_sessions(clock.now())
    assert post(client, f"{page}/see", page, why="ticket 4711").status_code == 303
    seen = client.get("/account/").text
    assert "You see this as Elena Kovacs does." in seen
    assert client.get("/admin/").status_code == 403
    assert client.post("/seeing/stop", data={"csrf_token": form_token(seen)}).location == page
    assert client.get("/admin/").status_code == 200
    with db.reading() as session:
        noted = session.execute(
            text(
                "SELECT act, actor_name, why FROM audit_entry WHERE act LIKE 'person.seeing%' ORDER BY recorded_at"
            )
        ).all()
    assert [tuple(one) for one in noted] == [
        ("person.seeing_started", "Sam Support", "ticket 4711"),
        ("person.seeing_stopped", "Sam Support", ""),
    ]


def test_a_look_ends_by_itself_and_with_the_role(
    browser: Browser, elena: PersonId, test_clock: FixedClock
) -> None:
    client, page = browser(SUPPORT), f"/admin/people/{elena}"
    prove_all_sessions(clock.now())
    post(client, f"{page}/see", page, why="ticket 4711")
    assert client.get("/admin/").status_code == 403
    test_clock.advance(timedelta(minutes=30))
    assert client.get("/admin/").status_code == 200


def test_nobody_looks_through_the_eyes_of_the_staff(browser: Browser, elena: PersonId) -> None:
    boss = market.add_person("boss@market.test", "Boss", "finance")
    client, page = browser(SUPPORT), f"/admin/people/{boss}"
    prove_all_sessions(clock.now())
    assert "See as" not in client.get(page).text
    assert post(client, f"{page}/see", page, why="curious").status_code == 403


def test_a_dangerous_act_needs_a_fresh_proof(
    browser: Browser, elena: PersonId, test_clock: FixedClock
) -> None:
    client, page = browser(SUPPORT), f"/admin/people/{elena}"
    prove_all_sessions(clock.now())
    test_clock.advance(timedelta(minutes=10))
    answer = post(client, f"{page}/see", page, why="ticket 4711")
    assert answer.status_code in (303, 403)
    assert client.get("/admin/").status_code == 200


def test_a_person_who_is_not_there_is_a_404(browser: Browser, elena: PersonId) -> None:
    assert browser(SUPPORT).get(f"/admin/people/{new_id()}").status_code == 404
