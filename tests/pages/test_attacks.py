"""What an attacker tries at every route alike: other people's ids, fields nobody offered, bodies that are bombs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.routing import Rule

from azora_admin.core import db
from azora_admin.core.ids import PersonId
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import PEOPLE
from azora_admin.web.limits import limiter
from tests.api.callers import bearer, fields, problem
from tests.pages import market
from tests.pages.conftest import Browser, form_token
from tests.pages.stepping import SECURITY, set_up_app

LENA, MALLORY = "lena@market.test", "mallory@market.test"
# What everybody may see, and what is addressed by a secret instead of an id.
PUBLIC = frozenset({"course_id", "token", "filename"})
# What a call wants of a body before it looks at whose the thing is.
_SOME_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
BODIES: dict[str, dict[str, Any]] = {
    "POST progress": {"lesson_id": _SOME_ID, "event_id": _SOME_ID, "opened_at": "2026-07-01T12:00:00Z"},
    "POST refund-requests": {"reason": "changed_mind"},
    "PATCH <method_id>": {"is_default": True},
}
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture
def lena(app: Flask, browser: Browser) -> PersonId:
    """A learner who has something of everything: a payment, sessions, an app, keys and factors."""
    person_id = market.add_person(LENA, "Lena Süß", "learner")
    priya = market.add_person("priya@market.test", "Priya Raman", "instructor")
    market.pay(person_id, market.add_course("Rust", priya, 4900))
    page = browser(LENA)
    token = form_token(page.get(f"{SECURITY}keys/new").text)
    page.post(
        f"{SECURITY}keys/new",
        data={"csrf_token": token, "name": "Report", "life": "90", "scopes": "own:read"},
    )
    app.test_client().post("/api/v1/auth/token", json={"email": LENA, "password": market.PASSWORD})
    set_up_app(page)
    return person_id


@pytest.fixture
def mallory(lena: PersonId) -> PersonId:
    """Another learner."""
    return market.add_person(MALLORY, "Mallory", "learner")


def ids_of_everything() -> list[str]:
    """Every id of every row that there is."""
    with db.reading() as session:
        tables = session.scalars(
            text(
                "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'"
                " AND column_name = 'id' AND data_type = 'uuid'"
            )
        ).all()
        return [str(one) for table in tables for one in session.scalars(text(f"SELECT id FROM {table}"))]


def state_of_everything() -> str:
    """Everything that Mallory could change of Lena's, as text."""
    queries = (
        "SELECT id, status FROM payment ORDER BY id",
        "SELECT id, ended_at FROM person_session ORDER BY id",
        "SELECT id, revoked_at FROM api_key ORDER BY id",
        "SELECT id, ended_at FROM refresh_family ORDER BY id",
        "SELECT id FROM authenticator_app ORDER BY id",
        "SELECT id, name, email, roles FROM person ORDER BY id",
    )
    with db.reading() as session:
        return str([session.execute(text(query)).all() for query in queries])


def routes_by_id(app: Flask, prefix: str) -> Iterator[tuple[Rule, str]]:
    """The routes under ``prefix`` that are addressed by somebody's id, by each method."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(prefix) and rule.arguments and not rule.arguments & PUBLIC:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def test_no_id_of_somebody_else_opens_or_changes_anything_on_pages(
    app: Flask, browser: Browser, mallory: PersonId
) -> None:
    client, ids = browser(MALLORY), ids_of_everything()
    token = form_token(client.get(SECURITY).text)
    before = state_of_everything()
    tried = 0
    for rule, method in routes_by_id(app, "/account/"):
        limiter.reset()
        for one in ids:
            if one in client.get(SECURITY).text:
                continue
            path = re.sub(r"<[^>]+>", one, rule.rule)
            answer = client.open(path, method=method, data={"csrf_token": token})
            assert answer.status_code in (303, 404), f"{method} {path}: {answer.status_code}"
            tried += 1
    assert tried > 50
    assert state_of_everything() == before


def test_no_id_of_somebody_else_opens_or_changes_anything_of_the_api(app: Flask, mallory: PersonId) -> None:
    with db.reading() as session:
        headers = bearer(app, get_person(session, mallory))
    client, before = app.test_client(), state_of_everything()
    tried = 0
    for rule, method in routes_by_id(app, "/api/v1/"):
        limiter.reset()
        wanted = BODIES.get(f"{method} {rule.rule.rpartition('/')[2]}", {})
        for one in ids_of_everything():
            path = re.sub(r"<[^>]+>", one, rule.rule)
            body: dict[str, Any] = {} if method == "GET" else {"json": wanted}
            answer = client.open(path, method=method, headers=headers, **body)
            assert answer.status_code in (403, 404), f"{method} {path}: {answer.text}"
            tried += 1
    assert tried > 10
    assert state_of_everything() == before


@pytest.mark.parametrize("field", ["roles", "id", "is_admin", "confirmed_at", "password_hash", "created_at"])
def test_nobody_signs_up_as_more_than_a_learner(client: FlaskClient, field: str) -> None:
    new = {"email": MALLORY, "name": "Mallory", "password": "correct horse 9", field: ["admin"]}
    assert fields(problem(client.post("/api/v1/users", json=new), 422, "invalid")) == [field]
    token = form_token(client.get("/sign-up").text)
    client.post("/sign-up", data={**new, "csrf_token": token})
    with db.reading() as session:
        assert session.scalars(text("SELECT roles FROM person")).all() == [["learner"]]


def bodies_taken(app: Flask) -> list[tuple[str, str]]:
    return [
        (method, re.sub(r"<[^>]+>", "01a21063-6ab8-745a-ba75-e12a90397cea", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"})
        if rule.rule.startswith("/api/v1/")
    ]


@pytest.mark.parametrize(
    "bomb",
    [b"[" * 60_000, b'{"a":' * 12_000, b'{"email":' + b"9" * 50_000 + b"}", b'{"email":1e999}', b'"\\ud800"'],
    ids=["brackets", "objects", "digits", "infinity", "half a letter"],
)
def test_a_body_that_is_a_bomb_is_a_clear_refusal_everywhere(
    app: Flask, database: db.Database, bomb: bytes
) -> None:
    everything = market.add_person("all@market.test", "All Of Them", *sorted(PEOPLE))
    with db.reading() as session:
        headers = {**bearer(app, get_person(session, everything)), "Content-Type": "application/json"}
    taken = bodies_taken(app)
    assert len(taken) > 10
    for method, path in taken:
        status = app.test_client().open(path, method=method, data=bomb, headers=headers).status_code
        assert status in (400, 404, 413, 422), f"{method} {path}: {status}"


@pytest.mark.parametrize("word", ["a\r\nSet-Cookie: x=1", "a\nX-Evil: 1", "\u2028", "%0d%0aX-Evil:1"])
def test_nothing_that_is_sent_writes_a_header(client: FlaskClient, word: str) -> None:
    for path in ("/sign-in", "/sign-up", "/forgot", "/jump", "/api/v1/courses", "/admin/payments"):
        answer = client.get(path, query_string={"next": word, "q": word, "cursor": word})
        assert "X-Evil" not in answer.headers
        assert "x=1" not in answer.headers.get("Set-Cookie", "")
        assert all("\n" not in value for _, value in answer.headers)
