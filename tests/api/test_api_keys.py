"""Calling with an API key."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.identity import actions, queries
from azora_admin.identity.queries import ApiKeyView
from azora_admin.identity.rules import Actor, SignedIn
from tests.api.callers import ok, problem
from tests.selling import Shop

ADDRESS = "203.0.113.9"


def key_of(person: SignedIn, *scopes: str) -> tuple[ApiKeyView, dict[str, str]]:
    """A new key of ``person`` for a day, and the header of a call with it."""
    actor = Actor(person.person_id, person.name, "page", "request", "")
    with db.transaction() as session:
        key, text = actions.create_key(
            session,
            actor,
            owner_id=person.person_id,
            name="Export",
            scopes=scopes,
            expires_at=clock.now() + timedelta(days=1),
        )
    return key, {"Authorization": f"Bearer {text}"}


def test_a_key_opens_what_it_names_and_nothing_else(client: FlaskClient, shop: Shop) -> None:
    person = shop.person("learner", "instructor")
    _, headers = key_of(person, "own:read")
    assert ok(client.get("/api/v1/me", headers=headers))["id"] == str(person.person_id)
    problem(client.get("/api/v1/instructor/earnings", headers=headers), 403, "insufficient_permissions")
    bought = client.post(f"/api/v1/courses/{shop.course()}/purchase", headers=headers)
    problem(bought, 403, "insufficient_permissions")


def test_a_key_that_is_revoked_is_refused_at_once(client: FlaskClient, shop: Shop) -> None:
    key, headers = key_of(shop.person(), "own:read")
    ok(client.get("/api/v1/me", headers=headers))
    with db.transaction() as session:
        actor = Actor(None, "", "command", "", "")
        actions.revoke_key(session, actor, key_id=key.key_id, owner_id=key.owner_id)
    problem(client.get("/api/v1/me", headers=headers), 401, "api_key_revoked")


def test_a_key_that_is_mistyped_expired_or_unknown_is_refused(
    client: FlaskClient, shop: Shop, test_clock: FixedClock
) -> None:
    _, headers = key_of(shop.person(), "own:read")
    text = headers["Authorization"]
    for wrong in (text[:-1], text + "x", text.swapcase(), "Bearer azk_", "Bearer azk_\xff"):
        answer = client.get("/api/v1/me", headers={"Authorization": wrong})
        assert answer.get_json(force=True)["code"] in ("invalid_api_key", "unauthenticated", "invalid_token")
        assert answer.status_code == 401
    test_clock.advance(timedelta(days=1))
    problem(client.get("/api/v1/me", headers=headers), 401, "api_key_expired")


def test_the_address_of_a_call_is_noted_once_a_minute(app: Flask, shop: Shop, test_clock: FixedClock) -> None:
    key, headers = key_of(shop.person(), "own:read")
    client = app.test_client()
    first = test_clock.now()
    for address in (ADDRESS, "203.0.113.10"):
        ok(client.get("/api/v1/me", headers=headers, environ_base={"REMOTE_ADDR": address}))
        test_clock.advance(timedelta(seconds=20))
    with db.reading() as session:
        (noted,) = queries.list_keys(session, key.owner_id)
    assert (noted.last_used_at, noted.last_used_address) == (first, ADDRESS)
