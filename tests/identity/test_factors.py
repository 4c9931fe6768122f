"""Second factors on the real database: added, removed, and raced for."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Conflict, Invalid, NotFound
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity import actions, queries
from azora_admin.identity.actions import authenticator_apps, factors
from azora_admin.identity.actions.app_sessions import start_app_session
from azora_admin.identity.queries.app_sessions import list_app_sessions
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.tables import AuthenticatorApp, RecoveryCode
from tests.identity.having import (
    ACTOR,
    KEY,
    add,
    add_app,
    add_passkey,
    at_once,
    codes_left,
    factors_of,
    now_code,
    use,
)

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def lena(test_clock: FixedClock) -> SignedIn:
    """A learner, signed in."""
    return add("lena@example.com", "learner")


def test_the_first_factor_brings_ten_recovery_codes_and_the_second_one_none(lena: SignedIn) -> None:
    _, codes = add_app(lena)
    assert len(set(codes)) == 10
    assert add_passkey(lena) == []
    assert codes_left(lena) == 10
    assert [(one.kind, one.name) for one in factors_of(lena)] == [
        ("app", "My phone"),
        ("passkey", "My laptop"),
    ]


def test_the_first_factor_ends_what_a_password_alone_had_opened_elsewhere(lena: SignedIn) -> None:
    with db.transaction() as session:
        _, thief = actions.start_session(session, lena, user_agent="", address="")
        kept, mine = actions.start_session(session, lena, user_agent="", address="")
    add_app(kept)
    with db.reading() as session:
        assert queries.find_session(session, thief) is None
        found = queries.find_session(session, mine)
    assert found is not None
    assert found.has_factor


def test_nothing_that_opens_anything_is_kept_readable(lena: SignedIn) -> None:
    setup, codes = add_app(lena)
    with db.reading() as session:
        app = session.scalars(select(AuthenticatorApp)).one()
        hashes = session.scalars(select(RecoveryCode.code_hash)).all()
    assert setup.secret not in app.secret_sealed
    assert not any(code.encode() in kept for code in codes for kept in hashes)


def test_a_wrong_code_adds_no_app(lena: SignedIn) -> None:
    setup = authenticator_apps.offer_app()
    with pytest.raises(Invalid) as refused, db.transaction() as session:
        factors.add_app(session, ACTOR, lena, setup, name="x", code="000000", secret_key=KEY)
    assert [one.field for one in refused.value.errors] == ["code"]
    assert factors_of(lena) == []


def test_an_offer_comes_back_for_its_person_alone_and_for_half_an_hour(
    lena: SignedIn, test_clock: FixedClock
) -> None:
    setup = authenticator_apps.offer_app()
    text = authenticator_apps.seal_setup(setup, person_id=lena.person_id, secret_key=KEY)

    def opened(text: str, person_id: PersonId = lena.person_id) -> authenticator_apps.AppSetup:
        return authenticator_apps.unseal_setup(text, person_id=person_id, secret_key=KEY)

    assert opened(text) == setup
    for bad in ("", "x", "é", text[:-4], text.swapcase()):
        with pytest.raises(Conflict):
            opened(bad)
    with pytest.raises(Conflict):
        opened(text, PersonId(new_id()))
    test_clock.advance(timedelta(minutes=30))
    assert opened(text) == setup
    test_clock.advance(timedelta(seconds=1))
    with pytest.raises(Conflict) as refused:
        opened(text)
    assert refused.value.code == "setup_over"


def test_an_offer_is_taken_once_however_many_forms_are_sent(lena: SignedIn) -> None:
    setup = authenticator_apps.offer_app()

    def take(_: int) -> object:
        with db.transaction() as session:
            factors.add_app(session, ACTOR, lena, setup, name="x", code=now_code(setup), secret_key=KEY)
        return "kept"

    assert sorted(map(str, at_once(8, take))) == ["kept"] + ["setup_over"] * 7
    assert len(factors_of(lena)) == 1


def remove(person: SignedIn, factor_id: UUID, *, required: bool = False) -> str:
    with db.transaction() as session:
        return factors.remove_factor(session, ACTOR, person, factor_id, required=required).name


def test_a_removed_factor_opens_nothing_and_the_recovery_codes_go_with_the_last(lena: SignedIn) -> None:
    setup, codes = add_app(lena)
    add_passkey(lena)
    app, passkey = factors_of(lena)
    assert remove(lena, app.id) == "My phone"
    assert not use(lena, now_code(setup))
    assert codes_left(lena) == 10
    assert remove(lena, passkey.id) == "My laptop"
    assert codes_left(lena) == 0
    assert not use(lena, codes[0])


def test_nobody_removes_somebody_else_s_factor(lena: SignedIn) -> None:
    add_app(lena)
    other = add("other@example.com", "learner")
    for factor_id in (factors_of(lena)[0].id, new_id()):
        with pytest.raises(NotFound):
            remove(other, factor_id)
    assert len(factors_of(lena)) == 1


def test_of_two_who_remove_the_last_two_factors_at_once_one_is_refused(test_clock: FixedClock) -> None:
    admin = add("admin@example.com", "admin")
    add_app(admin)
    add_passkey(admin)
    had = factors_of(admin)
    answers = at_once(2, lambda number: remove(admin, had[number].id, required=True))
    assert "last_factor" in answers
    assert len(factors_of(admin)) == 1


def test_there_are_ten_factors_and_no_more_though_twenty_come_at_once(lena: SignedIn) -> None:
    answers = at_once(20, lambda number: add_passkey(lena, bytes([number])))
    assert answers.count("too_many_factors") == 10
    assert len(factors_of(lena)) == 10
    assert codes_left(lena) == 10


def test_whoever_lost_everything_begins_anew_and_whoever_has_it_gains_nothing(lena: SignedIn) -> None:
    _, codes = add_app(lena)
    add_passkey(lena)
    with db.transaction() as session:
        _, token = actions.start_session(session, lena, user_agent="", address="")
        start_app_session(session, lena, user_agent="", address="")
    with db.transaction() as session:
        assert factors.forget_factors(session, ACTOR, lena) == 2
    assert factors_of(lena) == []
    assert not use(lena, codes[0])
    with db.reading() as session:
        assert queries.find_session(session, token) is None
        assert list_app_sessions(session, lena.person_id) == []


def test_the_first_factor_signs_apps_out_that_had_no_more_than_a_password(lena: SignedIn) -> None:
    with db.transaction() as session:
        start_app_session(session, lena, user_agent="", address="")
    add_passkey(lena)
    with db.reading() as session:
        assert list_app_sessions(session, lena.person_id) == []


def test_a_passkey_has_one_owner(lena: SignedIn) -> None:
    other = add("other@example.com", "learner")
    add_passkey(lena)
    with pytest.raises(Conflict) as refused:
        add_passkey(other)
    assert refused.value.code == "passkey_known"
    assert factors_of(other) == []


def test_nobody_slips_in_by_password_alone_while_the_first_factor_is_being_added(lena: SignedIn) -> None:
    """The sign-in finds no factor, and the one being added waits; or the other way round. Never both."""

    def sign_in() -> bool:
        with db.transaction() as session:
            owes = factors.owes_factor(session, lena.person_id)
            if not owes:
                actions.start_session(session, lena, user_agent="thief", address="")
            return owes

    def act(number: int) -> object:
        return add_passkey(lena) if number == 0 else sign_in()

    at_once(12, act)
    with db.reading() as session:
        assert live_sessions(session, lena) == 1


def live_sessions(session: Session, person: SignedIn) -> int:
    statement = (
        select(func.count())
        .select_from(text("person_session"))
        .where(text("person_id = :person AND ended_at IS NULL").bindparams(person=person.person_id))
    )
    return session.scalar(statement) or 0
