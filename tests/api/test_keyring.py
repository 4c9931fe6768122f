"""What a process knows of the signing keys, when it looks again, and what others verify our tokens with."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from azora_admin.api.access_tokens import AccessTokens
from azora_admin.api.bearer import EXTENSION
from azora_admin.api.keyring import KeyRing, find_keys
from azora_admin.app import create_app
from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.core.errors import Unauthenticated
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.actions import signing_keys
from azora_admin.identity.queries.signing_keys import KeysFound
from azora_admin.identity.rules import CLOCKWORK, SignedIn
from azora_admin.identity.rules.signing_keys import KEPT_BY_OTHERS, OVERLAP, READ_EVERY, VERIFIES_FOR
from tests.api.callers import bearer, ok, problem
from tests.outages import database_out_of_reach
from tests.selling import Shop

LENA = SignedIn(None, PersonId(new_id()), "Lena", "lena@example.com", frozenset({"learner"}))


def secret_of(settings: Settings) -> str:
    return settings.secret_key.get_secret_value()


def rotate(settings: Settings) -> str:
    with db.transaction() as session:
        return signing_keys.rotate_signing_key(session, CLOCKWORK, secret_key=secret_of(settings)).kid


def replace(settings: Settings) -> str:
    with db.transaction() as session:
        return signing_keys.replace_signing_keys(session, CLOCKWORK, secret_key=secret_of(settings)).kid


class Counted:
    """Counts how often the keys are looked up."""

    def __init__(self, find: Callable[[], KeysFound]) -> None:
        self._find = find
        self.times = 0

    def __call__(self) -> KeysFound:
        self.times += 1
        return self._find()


@pytest.fixture
def look_up(settings: Settings, database: db.Database) -> Counted:
    return Counted(partial(find_keys, secret_of(settings)))


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def with_kid(token: str, kid: str) -> str:
    """``token`` as if another key had signed it."""
    header = json.dumps({"alg": "ES256", "typ": "JWT", "kid": kid}, separators=(",", ":"))
    rest = token.split(".", 1)[1]
    return f"{base64.urlsafe_b64encode(header.encode()).decode().rstrip('=')}.{rest}"


def jwks(client: FlaskClient) -> list[dict[str, Any]]:
    keys: list[dict[str, Any]] = ok(client.get("/.well-known/jwks.json"))["keys"]
    return keys


def verify(token: str, served: str) -> dict[str, Any]:
    """What somebody else reads in ``token`` with a library of their own and the keys that we serve."""
    key = jwt.PyJWKSet.from_json(served)[kid_of(token)]
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["ES256"], audience="azora-api", issuer="azora-admin"
    )
    return claims


def test_somebody_elses_library_verifies_our_tokens_before_and_after_a_rotation(
    app: Flask, client: FlaskClient, settings: Settings, shop: Shop
) -> None:
    person = shop.person()
    # PyJWT asks the machine's clock: time passes here by being the past at first.
    past = FixedClock(clock.now() - OVERLAP - timedelta(minutes=1))
    with clock.use(past):
        tokens: AccessTokens = app.extensions[EXTENSION]
        before = tokens.issue(person, life=timedelta(hours=1))
        served_before = client.get("/.well-known/jwks.json").text
        following = rotate(settings)
        past.advance(READ_EVERY)
        served_between = client.get("/.well-known/jwks.json").text
        assert kid_of(tokens.issue(person)) == kid_of(before)
    after = bearer(app, person)["Authorization"].removeprefix("Bearer ")
    served_after = client.get("/.well-known/jwks.json").text
    assert kid_of(after) == following != kid_of(before)
    assert verify(before, served_before)["sub"] == str(person.person_id)
    assert verify(before, served_after)["email"] == person.email
    assert verify(after, served_between)["roles"] == ["learner"]
    assert verify(after, served_after)["name"] == person.name
    with pytest.raises(KeyError):
        verify(after, served_before)
    for token in (before, after):
        ok(client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}))
        with pytest.raises(jwt.InvalidSignatureError):
            verify(token[:-10] + "AAAAAAAAAA", served_after)


def test_the_list_of_keys_is_public_small_and_can_be_kept(client: FlaskClient) -> None:
    answer = client.get("/.well-known/jwks.json")
    (key,) = ok(answer)["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "use", "alg", "kid"}
    assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")
    assert answer.cache_control.public
    assert answer.cache_control.max_age == KEPT_BY_OTHERS.total_seconds() == 300
    again = client.get("/.well-known/jwks.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_list_has_every_key_that_verifies_and_the_next_one_but_no_other(
    client: FlaskClient, settings: Settings, test_clock: FixedClock
) -> None:
    (first,) = (key["kid"] for key in jwks(client))
    second = rotate(settings)
    test_clock.advance(READ_EVERY)
    assert [key["kid"] for key in jwks(client)] == [first, second]
    test_clock.advance(OVERLAP + VERIFIES_FOR)
    assert [key["kid"] for key in jwks(client)] == [second]


def test_other_processes_follow_a_rotation_without_a_restart_and_no_token_is_refused(
    settings: Settings, database: db.Database, test_clock: FixedClock
) -> None:
    processes = [AccessTokens(KeyRing(partial(find_keys, secret_of(settings)))) for _ in range(3)]
    seen = set()
    for minute in range(60):
        if minute == 5:
            rotate(settings)
        token = processes[minute % 3].issue(LENA)
        seen.add(kid_of(token))
        for process in processes:
            assert process.read(token) == LENA
            with db.transaction() as session:
                signing_keys.forget_retired_keys(session, CLOCKWORK)
        test_clock.advance(timedelta(minutes=1))
    assert len(seen) == 2


def test_a_token_lives_on_after_its_key_was_forgotten_by_nobody_too_early(
    settings: Settings, database: db.Database, test_clock: FixedClock
) -> None:
    tokens = AccessTokens(KeyRing(partial(find_keys, secret_of(settings))))
    tokens.issue(LENA)
    rotate(settings)
    test_clock.advance(OVERLAP - timedelta(seconds=1))
    last = tokens.issue(LENA)
    test_clock.advance(timedelta(minutes=15))
    with db.transaction() as session:
        assert signing_keys.forget_retired_keys(session, CLOCKWORK) == 0
    fresh = AccessTokens(KeyRing(partial(find_keys, secret_of(settings))))
    assert fresh.read(last) == LENA


def test_the_keys_are_looked_up_once_a_minute_and_not_for_each_token(
    look_up: Counted, test_clock: FixedClock
) -> None:
    tokens = AccessTokens(KeyRing(look_up))
    for _ in range(59):
        for _ in range(3):
            tokens.read(tokens.issue(LENA))
        test_clock.advance(timedelta(seconds=1))
    assert look_up.times == 1
    test_clock.advance(timedelta(seconds=1))
    tokens.read(tokens.issue(LENA))
    assert look_up.times == 2


def test_a_token_of_a_key_we_have_not_seen_is_looked_up_but_made_up_ones_cost_a_look_in_five_seconds(
    settings: Settings, look_up: Counted, test_clock: FixedClock
) -> None:
    tokens = AccessTokens(KeyRing(look_up))
    old = tokens.issue(LENA)
    assert tokens.read(old) == LENA
    replace(settings)
    new = AccessTokens(KeyRing(partial(find_keys, secret_of(settings)))).issue(LENA)
    with pytest.raises(Unauthenticated):
        tokens.read(new)  # looked a moment ago
    test_clock.advance(timedelta(seconds=5))
    assert tokens.read(new) == LENA
    assert look_up.times == 2
    with pytest.raises(Unauthenticated):
        tokens.read(old)
    test_clock.advance(timedelta(seconds=5))
    for number in range(100):
        with pytest.raises(Unauthenticated):
            tokens.read(with_kid(new, f"{number:043}"))
    assert look_up.times == 3


def test_keys_that_were_replaced_at_once_are_refused_within_a_minute_though_their_tokens_were_read_before(
    settings: Settings, look_up: Counted, test_clock: FixedClock
) -> None:
    tokens = AccessTokens(KeyRing(look_up))
    token = tokens.issue(LENA)
    assert tokens.read(token) == LENA
    replace(settings)
    test_clock.advance(READ_EVERY)
    with pytest.raises(Unauthenticated):
        tokens.read(token)


def test_without_the_database_the_keys_that_are_known_go_on(
    settings: Settings, look_up: Counted, test_clock: FixedClock, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = AccessTokens(KeyRing(look_up))
    token = tokens.issue(LENA, life=timedelta(hours=1))
    with database_out_of_reach(settings), caplog.at_level(logging.WARNING, "azora_admin"):
        for _ in range(3):
            test_clock.advance(READ_EVERY)
            assert tokens.read(token) == LENA
            assert tokens.read(token) == LENA
    assert look_up.times == 4
    assert "could not be read again" in caplog.text
    test_clock.advance(timedelta(seconds=5))
    assert tokens.read(token) == LENA
    assert look_up.times == 5


def test_without_the_database_a_process_that_never_knew_a_key_says_so(
    client: FlaskClient, settings: Settings, look_up: Counted
) -> None:
    with database_out_of_reach(settings):
        with pytest.raises(OperationalError):
            AccessTokens(KeyRing(look_up)).issue(LENA)
        problem(client.get("/.well-known/jwks.json"), 503, "unavailable")


def test_a_clock_that_was_set_back_does_not_keep_the_old_keys_for_ever(
    look_up: Counted, test_clock: FixedClock
) -> None:
    ring = KeyRing(look_up)
    ring.keys()
    with clock.use(FixedClock(test_clock.now() - timedelta(days=1))):
        ring.keys()
    assert look_up.times == 2


def test_threads_of_a_process_look_up_once_together(settings: Settings, look_up: Counted) -> None:
    tokens = AccessTokens(KeyRing(look_up))
    with ThreadPoolExecutor(16) as threads:
        issued = list(threads.map(lambda _: tokens.issue(LENA), range(64)))
    assert look_up.times == 1
    assert len({kid_of(token) for token in issued}) == 1


def test_a_changed_secret_key_begins_a_new_line_and_says_so(
    settings: Settings, look_up: Counted, caplog: pytest.LogCaptureFixture
) -> None:
    old = AccessTokens(KeyRing(look_up)).issue(LENA)
    other = AccessTokens(KeyRing(partial(find_keys, "another secret key, thirty-two characters")))
    with caplog.at_level(logging.WARNING, "azora_admin"):
        assert other.read(other.issue(LENA)) == LENA
    assert "another AZORA_SECRET_KEY" in caplog.text
    with pytest.raises(Unauthenticated):
        other.read(old)


def test_two_applications_on_one_database_share_their_keys(
    app: Flask, settings: Settings, shop: Shop
) -> None:
    headers = bearer(app, shop.person())
    other = create_app(settings)
    ok(other.test_client().get("/api/v1/me", headers=headers))
    assert json.loads(other.test_client().get("/.well-known/jwks.json").text) == json.loads(
        app.test_client().get("/.well-known/jwks.json").text
    )
