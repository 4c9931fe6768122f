"""Many refresh at once, and nobody is signed out; a crash on the way, and nobody is; a thief, and the app is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Unauthenticated
from azora_admin.flows import app_sessions as flow
from azora_admin.identity import actions
from azora_admin.identity.actions import app_sessions
from azora_admin.identity.queries import get_person
from azora_admin.identity.queries.app_sessions import list_app_sessions
from azora_admin.identity.rules import Actor, NewPerson, SignedIn
from azora_admin.identity.rules.refresh_tokens import GRACE
from azora_admin.identity.tables import RefreshToken
from azora_admin.messaging.tables import Mail

SECRET = "a secret key for tests, thirty-two characters"
PHONE = Actor(None, "", "api", "req_12345678", "192.0.2.7")


@pytest.fixture
def lena(database: db.Database) -> SignedIn:
    with db.transaction() as session:
        new = NewPerson("lena@example.com", "Lena", "")
        person_id = actions.add_person(session, new, password_hash="none", roles=["learner"])
        return get_person(session, person_id)


def start(person: SignedIn) -> str:
    with db.transaction() as session:
        return app_sessions.start_app_session(session, person, user_agent="App", address="")


def refresh(token: str) -> str:
    return flow.refresh(PHONE, token, secret_key=SECRET, user_agent="App").refresh_token


def refusal(token: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        refresh(token)
    return refused.value.code


def tokens_kept() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(RefreshToken)) or 0


def together(token: str, times: int) -> list[str]:
    """What comes of refreshing with one token in so many threads at once: a token, or the code of a refusal."""
    ready = Barrier(times)

    def one(_: int) -> str:
        ready.wait()
        try:
            return refresh(token)
        except Unauthenticated as refused:
            return refused.code

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


def test_of_200_who_refresh_one_token_at_once_all_get_the_one_successor_and_nobody_is_signed_out(
    lena: SignedIn,
) -> None:
    token = start(lena)
    answers = together(token, 200)
    (following,) = set(answers)
    assert tokens_kept() == 2
    with db.reading() as session:
        assert len(list_app_sessions(session, lena.person_id)) == 1
    assert len(set(together(following, 20))) == 1
    assert tokens_kept() == 3


def test_a_replay_after_the_grace_signs_the_app_out_though_many_replay_at_once(lena: SignedIn) -> None:
    with clock.use(FixedClock(clock.now() - GRACE - timedelta(seconds=1))):
        token = start(lena)
        newest = refresh(token)
    answers = together(token, 20)
    assert sorted(answers) == ["refresh_token_reused", *["session_ended"] * 19]
    assert refusal(newest) == "session_ended"
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Mail)) == 1


def test_whoever_crashed_before_the_answer_asks_again_within_the_grace(
    lena: SignedIn, test_clock: FixedClock
) -> None:
    token = start(lena)
    lost = refresh(token)
    test_clock.advance(GRACE)
    again = refresh(token)
    assert again == lost
    test_clock.advance(timedelta(days=1))
    assert refresh(again) not in (token, again)


def test_a_refresh_that_fails_before_its_commit_has_spent_nothing(lena: SignedIn) -> None:
    token = start(lena)
    with db.transaction() as session:
        app_sessions.refresh(session, PHONE, token, secret_key=SECRET, user_agent="")
        session.rollback()
    assert tokens_kept() == 1
    refresh(token)


def test_whoever_signs_out_while_others_refresh_is_signed_out(lena: SignedIn) -> None:
    token = start(lena)
    with ThreadPoolExecutor(9) as threads:
        threads.submit(flow.sign_out, PHONE, token)
        list(threads.map(lambda _: together(token, 1), range(8)))
    assert refusal(token) == "session_ended"


def test_many_sign_ins_of_one_person_at_once_do_not_stand_in_each_others_way(lena: SignedIn) -> None:
    with ThreadPoolExecutor(12) as threads:
        tokens = list(threads.map(lambda _: start(lena), range(60)))
    with db.reading() as session:
        assert len(list_app_sessions(session, lena.person_id)) == 50
    assert len(set(tokens)) == 60
