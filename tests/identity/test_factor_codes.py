"""Codes on the real database: each is good once, for its person alone, however many come at once."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from sqlalchemy import text

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Conflict, DomainError, Unauthenticated
from azora_admin.identity.actions import factors
from azora_admin.identity.rules import SignedIn
from tests.identity.having import (
    ACTOR,
    KEY,
    add,
    add_app,
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


def test_a_code_is_good_once(lena: SignedIn, test_clock: FixedClock) -> None:
    setup, _ = add_app(lena)
    code = now_code(setup)
    assert [use(lena, code), use(lena, code), use(lena, now_code(setup, -1))] == [True, False, False]
    test_clock.advance(timedelta(seconds=30))
    assert use(lena, now_code(setup))
    assert factors_of(lena)[0].last_used_at == clock.now()


def test_of_fifty_who_bring_the_same_code_one_gets_in(lena: SignedIn) -> None:
    setup, codes = add_app(lena)
    assert at_once(25, lambda _: use(lena, now_code(setup))).count(True) == 1
    assert at_once(25, lambda _: use(lena, codes[0])).count(True) == 1
    assert codes_left(lena) == 9


def test_each_recovery_code_is_good_once_and_new_ones_void_the_old(lena: SignedIn) -> None:
    _, codes = add_app(lena)
    assert [use(lena, codes[0]), use(lena, codes[0].upper()), use(lena, codes[1])] == [True, False, True]
    with db.transaction() as session:
        renewed = factors.renew_recovery_codes(session, ACTOR, lena)
    assert codes_left(lena) == 10
    assert [use(lena, codes[2]), use(lena, renewed[0])] == [False, True]


def test_codes_of_somebody_else_are_worth_nothing(lena: SignedIn) -> None:
    other = add("other@example.com", "learner")
    setup, codes = add_app(other)
    add_app(lena)
    assert not use(lena, now_code(setup))
    assert not use(lena, codes[0])


def test_any_of_several_apps_will_do(lena: SignedIn) -> None:
    (first, _), (second, _) = add_app(lena), add_app(lena, "My tablet")
    assert use(lena, now_code(second))
    assert use(lena, now_code(first))


def test_recovery_codes_stand_in_for_something(lena: SignedIn) -> None:
    with pytest.raises(Conflict) as refused, db.transaction() as session:
        factors.renew_recovery_codes(session, ACTOR, lena)
    assert refused.value.code == "no_factor"


def check(person: SignedIn, code: str | None, *, required: bool = True) -> str:
    try:
        with db.transaction() as session:
            factors.check(session, ACTOR, person, code, secret_key=KEY, required=required)
    except DomainError as refused:
        return f"{refused.status} {refused.code}"
    return "in"


def test_an_app_is_told_what_a_sign_in_lacks(lena: SignedIn) -> None:
    assert check(lena, None) == "in"
    setup, codes = add_app(lena)
    assert check(lena, None) == check(lena, "") == "401 second_factor_required"
    assert check(lena, "000000") == "401 invalid_otp"
    assert check(lena, now_code(setup)) == "in"
    assert check(lena, now_code(setup)) == "401 invalid_otp"
    assert check(lena, codes[3]) == "in"


def test_whoever_must_have_a_factor_gets_no_token_without_one(test_clock: FixedClock) -> None:
    admin = add("admin@example.com", "admin")
    assert check(admin, None) == "403 second_factor_not_set_up"
    assert check(admin, None, required=False) == "in"
    setup, _ = add_app(admin)
    assert check(admin, now_code(setup)) == "in"


def test_a_secret_of_another_installation_is_told_in_the_log_and_matches_nothing(
    lena: SignedIn, caplog: pytest.LogCaptureFixture
) -> None:
    setup, codes = add_app(lena)
    with caplog.at_level(logging.ERROR), pytest.raises(Unauthenticated), db.transaction() as session:
        factors.use_code(session, ACTOR, lena, now_code(setup), secret_key=KEY + "!")
    assert "another AZORA_SECRET_KEY" in caplog.text
    with db.transaction() as session:
        factors.use_code(session, ACTOR, lena, codes[0], secret_key=KEY + "!")


def test_a_secret_copied_from_another_row_is_refused(lena: SignedIn) -> None:
    setup, _ = add_app(lena)
    other = add("other@example.com", "admin")
    add_app(other)
    with db.transaction() as session:
        session.execute(
            text(
                "UPDATE authenticator_app SET secret_sealed = (SELECT secret_sealed FROM authenticator_app"
                " WHERE person_id = :mine) WHERE person_id = :theirs"
            ),
            {"mine": lena.person_id, "theirs": other.person_id},
        )
    assert not use(other, now_code(setup))
    assert use(lena, now_code(setup))
