"""Apps that are signed in, on the real database."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import NotFound, Unauthenticated
from azora_admin.core.ids import FamilyId, new_id
from azora_admin.identity import actions
from azora_admin.identity.actions import app_sessions
from azora_admin.identity.actions.app_sessions import Refreshed, Reused
from azora_admin.identity.queries import get_person
from azora_admin.identity.queries.app_sessions import AppSession, list_app_sessions, list_reused_lately
from azora_admin.identity.rules import Actor, NewPerson, SignedIn
from azora_admin.identity.rules.refresh_tokens import (
    APP_IDLE,
    APP_LONGEST,
    APPS_MOST,
    GRACE,
    write_refresh_token,
)
from azora_admin.identity.tables import AuditEntry, Person, RefreshFamily, RefreshToken
from azora_admin.messaging.tables import Mail

pytestmark = pytest.mark.usefixtures("database")

SECRET = "a secret key for tests, thirty-two characters"
PHONE = Actor(None, "", "api", "req_12345678", "192.0.2.7")
MOMENT = timedelta(seconds=1)


@pytest.fixture
def lena(database: db.Database) -> SignedIn:
    return person("lena@example.com")


def person(email: str) -> SignedIn:
    with db.transaction() as session:
        new = NewPerson(email, "Lena", "")
        return get_person(session, actions.add_person(session, new, password_hash="none", roles=["learner"]))


def start(person: SignedIn, *, user_agent: str = "Azora/1.0 (Android)", address: str = "192.0.2.1") -> str:
    with db.transaction() as session:
        return app_sessions.start_app_session(session, person, user_agent=user_agent, address=address)


def use(
    token: str, *, secret_key: str = SECRET, user_agent: str = "Azora/1.1 (Android)"
) -> Refreshed | Reused:
    with db.transaction() as session:
        return app_sessions.refresh(session, PHONE, token, secret_key=secret_key, user_agent=user_agent)


def refresh(token: str) -> str:
    """The token that this one is good for."""
    outcome = use(token)
    assert isinstance(outcome, Refreshed)
    return outcome.refresh_token


def refusal(token: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        use(token)
    return refused.value.code


def revoke(token: str) -> None:
    with db.transaction() as session:
        app_sessions.revoke(session, PHONE, token)


def apps(person: SignedIn) -> list[AppSession]:
    with db.reading() as session:
        return list(list_app_sessions(session, person.person_id))


def reasons() -> Counter[str | None]:
    """Why families ended; None: they have not."""
    with db.reading() as session:
        return Counter(session.scalars(select(RefreshFamily.end_reason)))


def count(table: type[db.Base]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_token_is_good_for_the_next_one_and_so_on(lena: SignedIn) -> None:
    token, seen = start(lena), set()
    for _ in range(5):
        seen.add(token)
        token = refresh(token)
    assert len(seen | {token}) == 6
    assert len(apps(lena)) == 1


def test_whoever_refreshes_is_who_they_are_now(lena: SignedIn) -> None:
    token = start(lena)
    with db.transaction() as session:
        row = session.get_one(Person, lena.person_id)
        row.name, row.roles = "Lena Süß", ["instructor", "learner"]
    outcome = use(token)
    assert isinstance(outcome, Refreshed)
    assert (outcome.person.name, sorted(outcome.person.roles)) == ("Lena Süß", ["instructor", "learner"])


def test_only_hashes_of_tokens_are_kept(lena: SignedIn) -> None:
    token = start(lena)
    tokens = [token, refresh(token)]
    with db.reading() as session:
        rows = [*session.scalars(select(RefreshToken)), *session.scalars(select(RefreshFamily))]
    kept = repr([vars(row) for row in rows])
    assert [text for text in tokens if text in kept or text[4:47] in kept] == []


def test_within_the_grace_the_same_token_leads_to_the_same_successor(
    lena: SignedIn, test_clock: FixedClock
) -> None:
    token = start(lena)
    following = refresh(token)
    test_clock.advance(GRACE)
    assert refresh(token) == following
    assert count(RefreshToken) == 2


def test_a_straggler_gets_the_newest_token_and_not_one_that_is_spent_by_now(
    lena: SignedIn, test_clock: FixedClock
) -> None:
    first = start(lena)
    newest = refresh(refresh(refresh(first)))
    test_clock.advance(GRACE)
    assert refresh(first) == newest
    test_clock.advance(APP_IDLE - GRACE - MOMENT)
    refresh(newest)


def test_a_token_that_comes_back_after_the_grace_signs_the_app_out_and_its_person_is_told(
    lena: SignedIn, test_clock: FixedClock
) -> None:
    stolen, other = start(lena), start(lena)
    newest = refresh(stolen)
    test_clock.advance(GRACE + MOMENT)
    assert isinstance(use(stolen), Reused)
    assert refusal(newest) == refusal(stolen) == "session_ended"
    refresh(other)
    with db.reading() as session:
        letter = session.scalars(select(Mail)).one()
        entry = session.scalars(select(AuditEntry)).one()
        (told,) = list_reused_lately(session, lena.person_id)
    assert (letter.kind, letter.to_address) == ("app_signed_out", "lena@example.com")
    assert (entry.act, entry.actor_id, entry.address) == ("app_session.ended", None, "192.0.2.7")
    assert entry.after == {"person_id": str(lena.person_id), "reason": "reused"}
    assert (told.ended_at, told.user_agent) == (test_clock.now(), "Azora/1.1 (Android)")
    test_clock.advance(timedelta(days=30))
    with db.reading() as session:
        assert list_reused_lately(session, lena.person_id) == []


def test_a_token_that_was_never_given_touches_nothing(lena: SignedIn, test_clock: FixedClock) -> None:
    start(lena)
    before = apps(lena)
    test_clock.advance(timedelta(hours=1))
    for made_up in (write_refresh_token(b"x" * 32), "", "azr_x", "x" * 9000, "\0"):
        assert refusal(made_up) == "invalid_refresh_token"
        revoke(made_up)
    assert apps(lena) == before
    assert (count(RefreshToken), count(AuditEntry), count(Mail)) == (1, 0, 0)


def test_an_app_that_is_not_used_for_a_month_is_signed_out(lena: SignedIn, test_clock: FixedClock) -> None:
    token = start(lena)
    test_clock.advance(APP_IDLE - MOMENT)
    token = refresh(token)
    assert len(apps(lena)) == 1
    test_clock.advance(APP_IDLE)
    assert apps(lena) == []
    assert refusal(token) == "refresh_token_expired"


def test_an_app_that_is_always_used_is_signed_out_in_the_end(lena: SignedIn, test_clock: FixedClock) -> None:
    token, lived = start(lena), timedelta()
    while apps(lena):
        token = refresh(token)
        test_clock.advance(timedelta(days=10))
        lived += timedelta(days=10)
    assert lived == APP_LONGEST
    assert refusal(token) == "refresh_token_expired"


def test_revoking_signs_out_one_app_by_any_of_its_tokens_and_twice_is_once(lena: SignedIn) -> None:
    first, other = start(lena), start(lena)
    newest = refresh(first)
    for token in (first, first, newest):
        revoke(token)
    assert refusal(newest) == refusal(first) == "session_ended"
    refresh(other)
    assert (count(AuditEntry), len(apps(lena))) == (1, 1)
    assert count(Mail) == 0


def test_a_list_shows_where_each_app_was_last_used(lena: SignedIn, test_clock: FixedClock) -> None:
    token, began_at = start(lena), test_clock.now()
    test_clock.advance(timedelta(hours=1))
    start(lena, user_agent="x" * 900, address="y" * 90)
    start(person("mara@example.com"))
    test_clock.advance(timedelta(hours=1))
    refresh(token)
    shown = [(app.user_agent, app.address, app.created_at, app.last_used_at) for app in apps(lena)]
    assert shown[0] == ("Azora/1.1 (Android)", "192.0.2.7", began_at, test_clock.now())
    assert shown[1][:2] == ("x" * 400, "y" * 64)
    assert len(shown) == 2


def test_a_person_ends_their_own_apps_and_nobody_elses(lena: SignedIn) -> None:
    mara = person("mara@example.com")
    token = start(lena)
    (app,) = apps(lena)

    def end(family_id: FamilyId, by: SignedIn) -> None:
        with db.transaction() as session:
            app_sessions.end_app_session(session, PHONE, family_id=family_id, person_id=by.person_id)

    for family_id, by in ((app.family_id, mara), (FamilyId(new_id()), lena)):
        with pytest.raises(NotFound) as refused:
            end(family_id, by)
        assert refused.value.code == "session_not_found"
    assert len(apps(lena)) == 1
    end(app.family_id, lena)
    end(app.family_id, lena)
    assert refusal(token) == "session_ended"
    assert reasons() == {"ended": 1}


def test_all_apps_of_a_person_end_together_when_their_password_changes(lena: SignedIn) -> None:
    tokens = [start(lena) for _ in range(3)]
    others = start(person("mara@example.com"))
    with db.transaction() as session:
        ended = app_sessions.end_app_sessions(session, PHONE, lena.person_id, reason="password_changed")
    assert ended == 3
    assert {refusal(token) for token in tokens} == {"session_ended"}
    refresh(others)
    assert reasons() == {None: 1, "password_changed": 3}


def test_of_too_many_apps_the_one_not_used_for_longest_is_signed_out(
    lena: SignedIn, test_clock: FixedClock
) -> None:
    tokens = []
    for _ in range(APPS_MOST):
        tokens.append(start(lena))
        test_clock.advance(MOMENT)
    tokens[0] = refresh(tokens[0])
    start(lena)
    assert len(apps(lena)) == APPS_MOST
    assert refusal(tokens[1]) == "session_ended"
    refresh(tokens[0])
    refresh(tokens[2])
    assert reasons()["crowded"] == 1


def test_a_successor_of_another_secret_key_is_not_handed_out(lena: SignedIn) -> None:
    token = start(lena)
    following = refresh(token)
    with pytest.raises(Unauthenticated) as refused:
        use(token, secret_key="another secret key for tests, of some length")
    assert refused.value.code == "invalid_refresh_token"
    assert isinstance(use(following, secret_key="another secret key for tests, of some length"), Refreshed)


def test_what_is_long_over_is_forgotten_and_what_is_in_use_is_not(
    lena: SignedIn, test_clock: FixedClock
) -> None:
    start(lena)
    used = start(lena)
    for _ in range(7):
        used = refresh(used)
        test_clock.advance(timedelta(days=10))
        with db.transaction() as session:
            app_sessions.forget_old(session)
    assert (count(RefreshFamily), count(RefreshToken)) == (1, 6)
    refresh(used)
