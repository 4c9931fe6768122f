"""Signing in, in one step and in two, and what is over once it was tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import DomainError, Invalid, Unauthenticated
from azora_admin.flows import passkeys, proving, signing_in
from azora_admin.flows.passkeys import Answer
from azora_admin.flows.signing_in import Half, Opened
from azora_admin.identity import queries
from azora_admin.identity.actions import half_sign_ins
from azora_admin.identity.queries.half_sign_ins import find_half_sign_in
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.passkeys import Purpose
from azora_admin.identity.rules.relying_party import RelyingParty
from azora_admin.identity.rules.tries import ACCOUNT, PAIR, Attempt
from tests.identity.devices import Device
from tests.identity.having import ACTOR, KEY, add, add_app, at_once, codes_left, now_code

pytestmark = pytest.mark.usefixtures("database")

HERE = RelyingParty("localhost", "http://localhost:8000")
PASSWORD = "correct horse battery"


@pytest.fixture
def lena(test_clock: FixedClock) -> SignedIn:
    """A learner, signed in."""
    return add("lena@example.com", "learner")


def enter(email: str = "lena@example.com") -> Opened | Half:
    return signing_in.with_password(
        Attempt(email, ACTOR.address), ACTOR, password=PASSWORD, user_agent="Firefox/1"
    )


def half() -> str:
    entered = enter()
    assert isinstance(entered, Half)
    return entered.token


def half_of(person: SignedIn) -> str:
    """As if the right password had been given, without the time that its hash takes."""
    with db.transaction() as session:
        return half_sign_ins.begin_half_sign_in(session, person.person_id)


def finish(token: str, code: str) -> Opened:
    return signing_in.with_code(ACTOR, token, code=code, secret_key=KEY, user_agent="Firefox/1")


def code_of(act: Callable[[], object]) -> str:
    """The code that ``act`` is refused with."""
    with pytest.raises(DomainError) as refused:
        act()
    return refused.value.code


def holder(token: str) -> SignedIn | None:
    with db.reading() as session:
        return queries.find_session(session, token)


def add_device(person: SignedIn) -> Device:
    """A device that holds a passkey of the person."""
    device = Device()
    asked = passkeys.ask_new(HERE, person)
    passkeys.add(HERE, ACTOR, person, Answer(asked.id, device.create(asked.options)), name="My laptop")
    return device


def test_without_a_second_factor_a_password_opens_a_session(lena: SignedIn) -> None:
    entered = enter()
    assert isinstance(entered, Opened)
    assert holder(entered.token) == entered.person
    assert entered.person.proved_at == clock.now()


def test_with_one_it_opens_nothing_until_a_code_is_given(lena: SignedIn) -> None:
    setup, _ = add_app(lena)
    token = half()
    assert holder(token) is None
    opened = finish(token, now_code(setup))
    found = holder(opened.token)
    assert found == opened.person
    assert found is not None
    assert (found.has_factor, found.proved_at) == (True, clock.now())


def test_half_a_sign_in_becomes_a_whole_one_once(lena: SignedIn) -> None:
    _, codes = add_app(lena)
    token = half()
    answers = at_once(9, lambda number: finish(token, codes[number]))
    assert sum(isinstance(one, Opened) for one in answers) == 1
    assert answers.count("sign_in_again") == 8
    assert codes_left(lena) == 9
    assert code_of(lambda: finish(token, codes[9])) == "sign_in_again"


def test_after_five_wrong_codes_one_starts_again_however_many_come_at_once(lena: SignedIn) -> None:
    _, codes = add_app(lena)
    token = half()
    answers = at_once(20, lambda _: finish(token, "000000"))
    assert sorted(map(str, answers)) == ["invalid_otp"] * 5 + ["sign_in_again"] * 15
    assert code_of(lambda: finish(token, codes[0])) == "sign_in_again"
    assert codes_left(lena) == 10
    with db.reading() as session:
        assert find_half_sign_in(session, token) is None
    assert holder(finish(half(), codes[0]).token)


def test_whoever_knows_the_password_guesses_no_code_either(lena: SignedIn, test_clock: FixedClock) -> None:
    _, codes = add_app(lena)

    def guess(place: int) -> str:
        token = half_of(lena)
        actor = replace(ACTOR, address=f"192.0.2.{place}")
        return code_of(
            lambda: signing_in.with_code(actor, token, code="000000", secret_key=KEY, user_agent="")
        )

    guesses = [guess(place) for place in range(1, 60)]
    assert guesses.count("invalid_otp") == ACCOUNT.free
    assert set(guesses[ACCOUNT.free :]) == {"rate_limited"}
    test_clock.advance(ACCOUNT.first)
    assert holder(finish(half(), codes[0]).token)


def test_from_one_place_one_guesses_even_less(lena: SignedIn) -> None:
    add_app(lena)
    guesses = [code_of(lambda: finish(half_of(lena), "000000")) for _ in range(20)]
    assert guesses.count("invalid_otp") == PAIR.free


def test_half_a_sign_in_is_over_after_ten_minutes(lena: SignedIn, test_clock: FixedClock) -> None:
    _, codes = add_app(lena)
    token = half()
    test_clock.advance(timedelta(minutes=10))
    assert code_of(lambda: finish(token, codes[0])) == "sign_in_again"


def test_what_was_never_finished_is_forgotten(lena: SignedIn, test_clock: FixedClock) -> None:
    add_app(lena)
    half()
    passkeys.ask(HERE, "sign_in", person_id=None)
    test_clock.advance(timedelta(minutes=11))
    half()
    passkeys.ask(HERE, "sign_in", person_id=None)
    with db.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM half_sign_in")) == 1
        assert session.scalar(text("SELECT count(*) FROM passkey_challenge")) == 1


@pytest.mark.parametrize("token", ["", "x", "\0"])
def test_a_token_that_is_none_is_over(token: str) -> None:
    assert code_of(lambda: finish(token, "000000")) == "sign_in_again"


def test_a_passkey_is_a_second_factor(lena: SignedIn) -> None:
    device = add_device(lena)
    token = half()
    asked = passkeys.ask(HERE, "second", person_id=lena.person_id)
    answer = Answer(asked.id, device.get(asked.options))
    opened = signing_in.with_second_passkey(HERE, ACTOR, token, answer=answer, user_agent="")
    assert holder(opened.token) == opened.person


def test_a_passkey_alone_signs_in(lena: SignedIn) -> None:
    device = add_device(lena)
    asked = passkeys.ask(HERE, "sign_in", person_id=None)
    assert asked.options["allowCredentials"] == []
    answer = Answer(asked.id, device.get(asked.options))
    opened = signing_in.with_passkey(HERE, ACTOR, answer=answer, user_agent="")
    assert opened.person.person_id == lena.person_id
    assert opened.person.has_factor


def test_a_question_is_answered_once_and_for_five_minutes(lena: SignedIn, test_clock: FixedClock) -> None:
    device = add_device(lena)
    asked = passkeys.ask(HERE, "sign_in", person_id=None)
    answers = [Answer(asked.id, device.get(asked.options)) for _ in range(10)]

    def enter_with(number: int) -> bool:
        return bool(signing_in.with_passkey(HERE, ACTOR, answer=answers[number], user_agent=""))

    assert at_once(10, enter_with).count(True) == 1
    late = passkeys.ask(HERE, "sign_in", person_id=None)
    test_clock.advance(timedelta(minutes=5))
    answer = Answer(late.id, device.get(late.options))
    assert (
        code_of(lambda: signing_in.with_passkey(HERE, ACTOR, answer=answer, user_agent=""))
        == "passkey_refused"
    )


def test_a_question_that_was_answered_wrongly_is_over_too(lena: SignedIn) -> None:
    device = add_device(lena)
    asked = passkeys.ask(HERE, "sign_in", person_id=None)
    for credential in ("{}", device.get(asked.options)):
        answer = Answer(asked.id, credential)
        with pytest.raises(Unauthenticated):
            signing_in.with_passkey(HERE, ACTOR, answer=answer, user_agent="")


def test_an_answer_counts_for_what_was_asked_and_of_whom(lena: SignedIn) -> None:
    device, other = add_device(lena), add("other@example.com", "learner")
    add_app(other)

    def prove(purpose: Purpose, of: SignedIn, by: SignedIn) -> None:
        asked = passkeys.ask(HERE, purpose, person_id=of.person_id)
        credential = device.get({**asked.options, "allowCredentials": []})
        proving.with_passkey(HERE, by, answer=Answer(asked.id, credential))

    prove("prove", lena, lena)
    for purpose, of, by in (("second", lena, lena), ("prove", other, lena), ("prove", other, other)):
        assert code_of(lambda p=purpose, o=of, b=by: prove(p, o, b)) == "passkey_refused"  # type: ignore[misc]


def test_a_removed_passkey_signs_nobody_in(lena: SignedIn) -> None:
    device = add_device(lena)
    with db.transaction() as session:
        session.execute(text("DELETE FROM passkey"))
    asked = passkeys.ask(HERE, "sign_in", person_id=None)
    answer = Answer(asked.id, device.get(asked.options))
    assert (
        code_of(lambda: signing_in.with_passkey(HERE, ACTOR, answer=answer, user_agent=""))
        == "passkey_refused"
    )


def test_a_site_without_a_name_has_no_passkeys(lena: SignedIn) -> None:
    assert code_of(lambda: passkeys.ask_new(None, lena)) == "passkeys_unavailable"
    assert code_of(lambda: passkeys.ask(None, "sign_in", person_id=None)) == "passkeys_unavailable"


def prove(person: SignedIn, password: str, code: str = "") -> list[str]:
    """The fields that a fresh sign-in is refused for."""
    try:
        attempt = Attempt(person.email, ACTOR.address)
        proving.with_password(attempt, ACTOR, person, password=password, code=code, secret_key=KEY)
    except Invalid as refused:
        return [one.field for one in refused.errors]
    return []


def test_a_fresh_sign_in_wants_all_that_a_sign_in_wants(lena: SignedIn, test_clock: FixedClock) -> None:
    entered = enter()
    assert isinstance(entered, Opened)
    test_clock.advance(timedelta(minutes=11))
    assert not proved(entered.token)
    assert prove(entered.person, "wrong") == ["proof_password"]
    assert not proved(entered.token)
    assert prove(entered.person, PASSWORD) == []
    assert proved(entered.token)
    setup, _ = add_app(entered.person)
    test_clock.advance(timedelta(minutes=11))
    mine = holder(entered.token)
    assert mine is not None
    assert prove(mine, PASSWORD) == ["proof_code"]
    assert prove(mine, PASSWORD, "000000") == ["proof_code"]
    assert not proved(entered.token)
    assert prove(mine, PASSWORD, now_code(setup)) == []
    assert proved(entered.token)


def proved(token: str) -> bool:
    found = holder(token)
    return found is not None and found.is_proved(clock.now())
