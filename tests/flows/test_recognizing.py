"""Sessions by copies in Redis: whatever changes, the next page sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.core.ids import PersonId
from azora_admin.identity import actions
from azora_admin.identity.actions import authenticator_apps, credentials, factors, seeing, signing_out
from azora_admin.identity.actions.roles import change_roles
from azora_admin.identity.rules import SESSION_LONGEST, SignedIn
from azora_admin.identity.rules.passkeys import NewPasskey
from azora_admin.identity.rules.sessions import SEEING_LONGEST, SESSION_IDLE
from tests.flows.copied import found, opened, rename_behind_the_scenes, truth, warm, with_redis
from tests.gateways.redis.server import RedisServer
from tests.identity import having
from tests.identity.having import ACTOR, KEY

Change = Callable[[Session, SignedIn], object]


@pytest.fixture
def settings(settings: Settings, redis_server: RedisServer) -> Settings:
    """Settings with a Redis."""
    return with_redis(settings, redis_server)


@pytest.fixture
def lena(database: db.Database, test_clock: FixedClock) -> SignedIn:
    """Somebody of the staff, signed in."""
    return having.add("lena@example.com", "support")


def test_a_second_page_goes_by_the_copy_and_says_the_same(lena: SignedIn) -> None:
    token = opened(lena)
    assert warm(token) == truth(token)
    sent: list[str] = []
    event.listen(db.current().reader, "before_cursor_execute", lambda *told: sent.append(told[2]))
    assert found(token) == replace(lena, session_id=warm(token).session_id)
    assert sent == []


def test_without_redis_configured_each_page_reads_postgresql(lena: SignedIn) -> None:
    db.current().redis_url = ""
    token = opened(lena)
    warm(token)
    rename_behind_the_scenes(lena)
    assert found(token) == truth(token)
    assert found("no token") is None


def _ended(session: Session, lena: SignedIn) -> None:
    assert lena.session_id is not None
    actions.end_session(session, lena.person_id, lena.session_id)


def _signed_out(session: Session, lena: SignedIn) -> None:
    assert lena.session_id is not None
    actions.sign_out(session, session_id=lena.session_id)


def _everywhere(session: Session, lena: SignedIn) -> None:
    signing_out.sign_out_everywhere(session, ACTOR, person_id=lena.person_id, why="a lost laptop")


def _other_browsers(session: Session, lena: SignedIn) -> None:
    signing_out.sign_out_other_browsers(session, ACTOR, replace(lena, session_id=None))


def _new_password(session: Session, lena: SignedIn) -> None:
    credentials.set_password(session, ACTOR, lena, password_hash="x", keep=None, why="")


def _new_email(session: Session, lena: SignedIn) -> None:
    credentials.change_email(session, ACTOR, lena, email="new@example.com")


def _new_roles(session: Session, lena: SignedIn) -> None:
    roles, why = ["support", "finance"], "a new task"
    change_roles(session, ACTOR, person_id=lena.person_id, roles=roles, version=1, why=why)


def _proof(session: Session, lena: SignedIn) -> None:
    assert lena.session_id is not None
    actions.prove_session(session, session_id=lena.session_id)


def _factor(session: Session, lena: SignedIn) -> None:
    new = NewPasskey(b"one", b"key", 0, ("internal",), is_synced=True)
    factors.add_passkey(session, ACTOR, lena, new, name="My laptop")


def _app(session: Session, lena: SignedIn) -> None:
    setup = authenticator_apps.offer_app()
    factors.add_app(session, ACTOR, lena, setup, name="", code=having.now_code(setup), secret_key=KEY)


CHANGES = (
    _ended,
    _signed_out,
    _everywhere,
    _other_browsers,
    _new_password,
    _new_email,
    _new_roles,
    _proof,
    _factor,
    _app,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_what_changes_is_seen_by_the_next_page(
    lena: SignedIn, test_clock: FixedClock, change: Change
) -> None:
    token = opened(lena)
    before = warm(token)
    test_clock.advance(timedelta(seconds=2))
    with db.transaction() as session:
        change(session, before)
    assert truth(token) != before
    assert found(token) == truth(token)


@pytest.mark.parametrize("how", ["removed", "forgotten"])
def test_a_factor_that_goes_is_seen_by_the_next_page(lena: SignedIn, how: str) -> None:
    having.add_passkey(lena)
    token = opened(lena)
    before = warm(token)
    assert before.has_factor
    with db.transaction() as session:
        if how == "removed":
            one = having.factors_of(lena)[0]
            factors.remove_factor(session, ACTOR, before, one.id, required=False)
        else:
            factors.forget_factors(session, ACTOR, before)
    assert truth(token) != before
    assert found(token) == truth(token)


def see(lena: SignedIn, seen: PersonId) -> None:
    assert lena.session_id is not None
    with db.transaction() as session:
        seeing.start_seeing(session, ACTOR, session_id=lena.session_id, person_id=seen, why="a question")


def test_looking_through_other_eyes_begins_and_ends_at_once_and_with_its_half_hour(
    lena: SignedIn, test_clock: FixedClock
) -> None:
    elena = having.add("elena@example.com", "learner")
    token = opened(lena)
    before = warm(token)
    see(before, elena.person_id)
    seen = warm(token)
    assert (seen.person_id, seen.seen_by) == (elena.person_id, lena.person_id)
    with db.transaction() as session:
        assert before.session_id is not None
        seeing.stop_seeing(session, ACTOR, session_id=before.session_id)
    assert found(token) == before
    see(before, elena.person_id)
    test_clock.advance(SEEING_LONGEST - timedelta(seconds=1))
    assert warm(token).seen_by == lena.person_id
    test_clock.advance(timedelta(seconds=1))
    assert found(token) == before


@pytest.mark.parametrize("whose", ["seen", "seer"])
def test_who_is_seen_changes_at_once_and_so_does_who_looks(lena: SignedIn, whose: str) -> None:
    elena = having.add("elena@example.com", "learner")
    token = opened(lena)
    see(warm(token), elena.person_id)
    before = warm(token)
    with db.transaction() as session:
        if whose == "seen":
            _new_email(session, elena)
        else:
            why = "another task"
            change_roles(session, ACTOR, person_id=lena.person_id, roles=["instructor"], version=1, why=why)
    assert truth(token) != before
    assert found(token) == truth(token)


def test_a_copy_ends_with_an_idle_session(lena: SignedIn, test_clock: FixedClock) -> None:
    token = opened(lena)
    test_clock.advance(SESSION_IDLE - timedelta(seconds=1))
    warm(token)
    test_clock.advance(timedelta(seconds=1))
    assert found(token) is None


def test_a_copy_ends_with_the_longest_life_of_a_session(lena: SignedIn, test_clock: FixedClock) -> None:
    token = opened(lena)
    session_id = warm(token).session_id
    assert session_id is not None
    test_clock.advance(SESSION_LONGEST - timedelta(seconds=1))
    with db.transaction() as session:
        actions.touch_session(session, session_id=session_id)
    # Touched once it had been idle for too long, which no page does; the longest life is what is looked at.
    warm(token)
    test_clock.advance(timedelta(seconds=1))
    assert found(token) is None
