"""Sessions by copies in Redis, when Redis is away, forgets, or is read and written by somebody else."""

from __future__ import annotations

import pytest
import redis
from sqlalchemy import event

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.gateways.redis import session_copies
from azora_admin.identity import actions
from azora_admin.identity.actions import credentials
from azora_admin.identity.rules import SignedIn
from tests.eventually import eventually
from tests.flows.copied import copies_in, found, opened, rename_behind_the_scenes, truth, warm, with_redis
from tests.gateways.redis.server import RedisServer
from tests.identity import having
from tests.identity.having import ACTOR


@pytest.fixture
def settings(settings: Settings, redis_server: RedisServer) -> Settings:
    """Settings with a Redis."""
    return with_redis(settings, redis_server)


@pytest.fixture
def lena(database: db.Database, test_clock: FixedClock) -> SignedIn:
    """Somebody of the staff, signed in."""
    return having.add("lena@example.com", "support")


def sign_out(person: SignedIn) -> None:
    assert person.session_id is not None
    with db.transaction() as session:
        actions.sign_out(session, session_id=person.session_id)


def test_what_nobody_was_told_of_is_seen_after_half_a_minute(lena: SignedIn, test_clock: FixedClock) -> None:
    token = opened(lena)
    before = warm(token)
    rename_behind_the_scenes(lena)
    assert found(token) == before
    test_clock.advance(session_copies.LONGEST)
    after = found(token)
    assert after == truth(token) != before
    rename_behind_the_scenes(lena)
    assert found(token) == after


@pytest.mark.parametrize("trouble", ["kill", "hold"])
def test_away_sessions_are_read_from_postgresql_and_copies_count_again_afterwards(
    lena: SignedIn, redis_server: RedisServer, trouble: str
) -> None:
    token = opened(lena)
    warm(token)
    getattr(redis_server, trouble)()
    rename_behind_the_scenes(lena)
    changed = found(token)
    assert changed == truth(token)
    assert changed is not None
    assert changed.name == "Somebody"
    sign_out(changed)
    assert found(token) is None
    redis_server.end()
    redis_server.start()
    other = opened(lena)
    eventually(lambda: found(other) and copies_in(redis_server), within=10)
    assert warm(other) == truth(other)


def test_a_change_is_told_also_while_this_process_takes_redis_to_be_away(
    lena: SignedIn, redis_server: RedisServer
) -> None:
    token = opened(lena)
    before = warm(token)
    redis_server.hold()
    assert found(token) == before
    redis_server.go_on()
    sign_out(before)
    with redis.Redis.from_url(redis_server.url) as client:
        assert not client.exists(f"azora:session:person:{lena.person_id}")


def test_a_change_that_redis_was_not_told_of_counts_within_half_a_minute_and_the_log_says_so(
    lena: SignedIn, test_clock: FixedClock, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    token = opened(lena)
    before = warm(token)
    url, db.current().redis_url = db.current().redis_url, "unix:///nowhere/redis.sock"
    sign_out(before)
    assert caplog.messages[-1] == "Redis was not told who changed: pages may go by what was for 30 s"
    assert found(token) is None
    db.current().redis_url = url
    assert found(token) == before
    test_clock.advance(session_copies.LONGEST)
    assert found(token) is None


def test_what_changes_while_a_copy_is_made_is_in_no_copy(lena: SignedIn) -> None:
    token = opened(lena)
    changed: list[str] = []

    def amid(*_: object) -> None:
        if not changed:
            changed.append("once")
            with db.transaction() as session:
                credentials.change_email(session, ACTOR, lena, email="new@example.com")

    event.listen(db.current().reader, "after_cursor_execute", amid)
    first = found(token)
    assert first is not None
    assert first.email == lena.email
    second = found(token)
    assert second == truth(token)
    assert second is not None
    assert second.email == "new@example.com"


def test_whoever_reads_redis_learns_neither_tokens_nor_people_and_whoever_writes_there_makes_nobody(
    lena: SignedIn, redis_server: RedisServer
) -> None:
    elena = having.add("elena@example.com", "admin")
    tokens = [opened(lena), opened(elena)]
    for token in tokens:
        warm(token)
    with redis.Redis.from_url(redis_server.url) as client:
        held = {key: client.hgetall(key) for key in copies_in(redis_server)}
        text = repr(held)
        assert len(held) == 2
        assert not any(secret in text for secret in (*tokens, lena.email, lena.name, "admin"))
        one, other = held
        for key, value in ((one, held[other][b"sealed"]), (other, b"anything")):
            client.hset(key, "sealed", value)
    assert [found(token) for token in tokens] == [truth(token) for token in tokens]
    assert [warm(token) for token in tokens] == [truth(token) for token in tokens]


def test_a_lost_stamp_makes_no_old_copy_count(lena: SignedIn, redis_server: RedisServer) -> None:
    token = opened(lena)
    warm(token)
    rename_behind_the_scenes(lena)
    with redis.Redis.from_url(redis_server.url) as client:
        client.delete(f"azora:session:person:{lena.person_id}")
        other = opened(lena)
        warm(other)
    assert found(token) == truth(token)


def test_copies_are_gone_from_redis_after_half_a_minute(lena: SignedIn, redis_server: RedisServer) -> None:
    warm(opened(lena))
    with redis.Redis.from_url(redis_server.url) as client:
        lives = {key: client.pttl(key) for key in client.keys("azora:session:*")}
    assert len(lives) == 3
    assert all(0 < left <= (30_000 if b":copy:" in key else 3_600_000) for key, left in lives.items())
