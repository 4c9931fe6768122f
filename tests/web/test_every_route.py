"""Every route, every role: allowed or refused as the table of permissions says. A new route is walked by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from azora_admin.core import clock, db
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import PEOPLE, ROLES, Action
from azora_admin.identity.rules.permissions import may_roles
from tests.api.callers import bearer
from tests.pages import market
from tests.pages.conftest import form_token
from tests.web.proofs import prove_all_sessions

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Way:
    """One way to call a guarded route. ``audience``: the roles that its blueprint lets in at all."""

    path: str
    method: str
    action: Action
    audience: frozenset[str]
    is_page: bool

    def allows(self, role: str) -> bool:
        return role in self.audience and may_roles([role], self.action)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def ways(app: Flask) -> Iterator[Way]:
    """Every route that has a guard, by each of its methods, with an id that nothing has."""
    for rule in app.url_map.iter_rules():
        name = rule.endpoint.rpartition(".")[0]
        roles = getattr(app.blueprints.get(name), "guard_roles", None)
        if not roles:
            continue
        is_page = not rule.rule.startswith("/api/")
        action: Action = vars(app.view_functions[rule.endpoint])["action"]
        for method in METHODS:
            if method in (rule.methods or ()):
                yield Way(_address(rule), method, action, roles if is_page else frozenset(ROLES), is_page)


def _address(rule: Rule) -> str:
    address = rule.rule
    for argument in rule.arguments:
        address = address.replace(f"<{argument}>", str(new_id()))
    assert "<" not in address, f"say what {rule.rule} is called with"
    return address


def answers(app: Flask, client: FlaskClient, person_id: PersonId, way: Way, token: str) -> int:
    """The status that the person gets."""
    if way.is_page:
        fields: dict[str, Any] = {} if way.method == "GET" else {"data": {"csrf_token": token}}
        return closed(client.open(way.path, method=way.method, **fields))
    with db.reading() as session:
        headers = bearer(app, get_person(session, person_id))
    body: dict[str, Any] = {} if way.method == "GET" else {"json": {}}
    return closed(client.open(way.path, method=way.method, headers=headers, **body))


def closed(answer: TestResponse) -> int:
    """The status of an answer that nobody reads: an export would be under way until then."""
    answer.close()
    return answer.status_code


def signed_in(app: Flask, role: str) -> tuple[FlaskClient, PersonId, str]:
    """Somebody with one role, in a browser if there are pages for it, and the token of its forms."""
    person_id = market.add_person(f"{role}@market.test", f"Some {role}", role)
    client = app.test_client()
    if role not in PEOPLE:
        return client, person_id, ""
    token = form_token(client.get("/sign-in").text)
    answer = client.post(
        "/sign-in",
        data={"csrf_token": token, "email": f"{role}@market.test", "password": market.PASSWORD},
    )
    assert answer.status_code == 303
    prove_all_sessions(clock.now())
    return client, person_id, form_token(client.get("/account/").text)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_let_in_where_the_table_says_so_and_nowhere_else(app: Flask, role: str) -> None:
    client, person_id, token = signed_in(app, role)
    wrong: list[str] = []
    for way in ways(app):
        if way.is_page and role not in PEOPLE:
            continue
        status = answers(app, client, person_id, way, token)
        assert status < 500 or status == 503, f"{way}: {status}"
        if (status != 403) is not way.allows(role):
            wrong.append(f"{way} answers {status} to {role}")
    assert wrong == []


def test_nobody_is_let_in_without_saying_who_they_are(app: Flask) -> None:
    client = app.test_client()
    walked = list(ways(app))
    assert len(walked) > 20
    for way in walked:
        status = closed(client.open(way.path, method=way.method))
        assert status == (303 if way.is_page else 401), str(way)
