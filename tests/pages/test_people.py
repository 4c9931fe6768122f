"""People on pages: found, given roles, looked at through their own eyes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.tables import AuditEntry
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


def test_support_sees_roles_and_can_not_change_them(browser: Browser, elena: PersonId) -> None:
    client, page = browser(SUPPORT), f"/admin/people/{elena}"
    assert "Change roles" not in client.get(page).text
    assert post(client, f"{page}/roles", page, roles=["admin"], version=1, why="why not").status_code == 403


def test_a_person_who_is_not_there_is_a_404(browser: Browser, elena: PersonId) -> None:
    assert browser(SUPPORT).get(f"/admin/people/{new_id()}").status_code == 404


def place_ids(page: str) -> list[str]:
    return re.findall(r'id="place-([0-9a-f-]+)"', page)


def test_staff_sees_where_a_person_is_signed_in_and_signs_them_out_of_one(
    browser: Browser, elena: PersonId
) -> None:
    first, second = browser(ELENA), browser(ELENA)
    support = browser(SUPPORT)
    path = f"/admin/people/{elena}"
    newest, _ = place_ids(support.get(path).text)
    answer = post(support, f"{path}/sessions/{newest}/end", path)
    assert (answer.status_code, answer.location) == (303, path)
    assert len(place_ids(support.get(path).text)) == 1
    assert sorted([first.get("/account/").status_code, second.get("/account/").status_code]) == [200, 303]
    assert post(support, f"{path}/sessions/{newest}/end", path).status_code == 303, "twice is once"


def test_staff_signs_a_person_out_everywhere_with_a_reason(
    app: Flask, browser: Browser, elena: PersonId
) -> None:
    theirs, admin = browser(ELENA), browser(ADMIN)
    credentials = {"email": ELENA, "password": market.PASSWORD}
    phone = app.test_client().post("/api/v1/auth/token", json=credentials).get_json()["refresh_token"]
    path = f"/admin/people/{elena}"
    assert len(place_ids(admin.get(path).text)) == 2
    refused = post(admin, f"{path}/sessions/end", path, why="")
    assert refused.status_code == 422
    assert 'href="#everywhere-why"' in refused.text
    assert post(admin, f"{path}/sessions/end", path, why="Lost phone").status_code == 303
    assert theirs.get("/account/").location.startswith("/sign-in")
    refresh = app.test_client().post("/api/v1/auth/refresh", json={"refresh_token": phone})
    assert refresh.status_code == 401
    assert "Signed in nowhere" in admin.get(path).text
    with db.reading() as session:
        entry = session.scalars(
            select(AuditEntry).where(AuditEntry.act == "person.signed_out_everywhere")
        ).one()
    assert (entry.why, entry.after) == ("Lost phone", {"ended_sessions_count": 2})


def test_a_session_is_ended_on_the_page_of_its_own_person_alone(browser: Browser, elena: PersonId) -> None:
    browser(ELENA)
    admin = browser(ADMIN)
    (theirs,) = place_ids(admin.get(f"/admin/people/{elena}").text)
    other = market.add_person("other@market.test", "Other", "learner")
    path = f"/admin/people/{other}"
    assert post(admin, f"{path}/sessions/{theirs}/end", "/admin/people").status_code == 404
    assert post(admin, f"{path}/sessions/{new_id()}/end", "/admin/people").status_code == 404


def test_finance_sees_where_a_person_is_signed_in_and_ends_nothing(browser: Browser, elena: PersonId) -> None:
    market.add_person("finn@market.test", "Finn Finance", "finance")
    browser(ELENA)
    finance = browser("finn@market.test")
    path = f"/admin/people/{elena}"
    page = finance.get(path).text
    (theirs,) = place_ids(page)
    assert "Sign out everywhere" not in page
    for target in (f"{path}/sessions/{theirs}/end", f"{path}/sessions/end"):
        assert post(finance, target, path, why="because").status_code == 403


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
