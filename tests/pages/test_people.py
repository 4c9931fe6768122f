"""People on pages: found, given roles, looked at through their own eyes."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.core.ids import PersonId, new_id
from tests.pages import market
from tests.pages.conftest import Browser, form_token

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
