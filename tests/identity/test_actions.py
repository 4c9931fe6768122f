"""People and their sessions on the real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Invalid, NotFound, Unauthenticated
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity import actions, queries
from azora_admin.identity.rules import NewPerson, SignedIn, check_sign_up
from azora_admin.identity.tables import Person, PersonSession

pytestmark = pytest.mark.usefixtures("database")

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def password_hash() -> str:
    """The hash of the one password: 50 ms that not every test has to wait for."""
    return actions.hash_password(PASSWORD)


def add(email: str, password_hash: str, *roles: str) -> PersonId:
    with db.transaction() as session:
        person = NewPerson(email, "Lena", PASSWORD)
        return actions.add_person(session, person, password_hash=password_hash, roles=roles or ("learner",))


def sign_in() -> tuple[SignedIn, str]:
    with db.transaction() as session:
        person = queries.find_person_by_email(session, "lena@example.com")
        assert person is not None
        return actions.start_session(session, person, user_agent="x" * 900, address="127.0.0.1")


def holder(token: str) -> SignedIn | None:
    with db.reading() as session:
        return queries.find_session(session, token)


@pytest.mark.parametrize(
    "address", ["lena@example.com", "İX@example.com", "ẞ@example.com", "ΣΑΣ@example.com", "ǅ@bücher.example"]
)
def test_every_address_that_the_rules_keep_the_database_keeps_too(address: str, password_hash: str) -> None:
    checked = check_sign_up(email=address, name="Lena", password=PASSWORD)
    person_id = add(checked.email, password_hash)
    with db.reading() as session:
        found = queries.find_person_by_email(session, checked.email)
    assert found is not None
    assert found.person_id == person_id


def test_an_address_has_one_account_though_ten_sign_up_at_once(password_hash: str) -> None:
    def sign_up(_: int) -> str:
        try:
            add("lena@example.com", password_hash)
        except Invalid as refused:
            return refused.errors[0].code
        return "kept"

    with ThreadPoolExecutor(10) as threads:
        answers = sorted(threads.map(sign_up, range(10)))
    assert answers == ["email_taken"] * 9 + ["kept"]
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1


@pytest.mark.parametrize("roles", [(), ("root",), ("learner", "root")])
def test_a_person_has_roles_that_we_know_and_at_least_one(roles: tuple[str, ...], password_hash: str) -> None:
    person = NewPerson("lena@example.com", "Lena", PASSWORD)
    with pytest.raises(Invalid) as refused, db.transaction() as session:
        actions.add_person(session, person, password_hash=password_hash, roles=roles)
    assert refused.value.errors[0].field == "roles"


def test_roles_add_up_and_the_same_one_counts_once(password_hash: str) -> None:
    person_id = add("lena@example.com", password_hash, "learner", "instructor", "learner")
    with db.reading() as session:
        assert queries.get_person(session, person_id).roles == {"learner", "instructor"}


def test_nobody_is_not_found() -> None:
    with db.reading() as session, pytest.raises(NotFound):
        queries.get_person(session, PersonId(new_id()))


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("lena@example.com", "wrong"),
        ("lena@example.com", ""),
        ("lena@example.com", PASSWORD + "\0"),
        ("nobody@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("", ""),
        ("le\0na@example.com", PASSWORD),
    ],
)
def test_whoever_is_refused_is_refused_in_the_same_words(
    email: str, password: str, password_hash: str
) -> None:
    add("lena@example.com", password_hash)
    with db.reading() as session, pytest.raises(Unauthenticated) as refused:
        actions.check_password(session, email=email, password=password)
    assert (refused.value.code, refused.value.detail) == (
        "invalid_credentials",
        "The e-mail address or the password is not right.",
    )


def test_the_right_password_lets_in_however_the_address_is_typed(password_hash: str) -> None:
    person_id = add("lena@example.com", password_hash)
    with db.reading() as session:
        found = actions.check_password(session, email=" LENA@Example.com", password=PASSWORD)
    assert (found.person_id, found.session_id) == (person_id, None)


def test_a_session_is_known_by_its_token_alone_and_the_token_is_not_kept(password_hash: str) -> None:
    add("lena@example.com", password_hash)
    person, token = sign_in()
    assert holder(token) == person
    assert holder(token + "x") is None
    assert holder("") is None
    with db.reading() as session:
        row = session.scalars(select(PersonSession)).one()
    assert token.encode() not in row.token_hash
    assert len(row.user_agent) == 400


def test_a_session_ends_when_its_person_signs_out_and_only_that_one(password_hash: str) -> None:
    add("lena@example.com", password_hash)
    (first, first_token), (_, second_token) = sign_in(), sign_in()
    for _ in range(2):
        with db.transaction() as session:
            assert first.session_id is not None
            actions.sign_out(session, session_id=first.session_id)
    assert holder(first_token) is None
    assert holder(second_token) is not None


def test_a_session_that_is_used_lives_on_but_not_for_ever(password_hash: str, test_clock: FixedClock) -> None:
    add("lena@example.com", password_hash)
    person, token = sign_in()
    assert person.session_id is not None
    lived = timedelta()
    while holder(token) is not None:
        with db.transaction() as session:
            actions.touch_session(session, session_id=person.session_id)
        test_clock.advance(timedelta(hours=11))
        lived += timedelta(hours=11)
    assert timedelta(days=14) <= lived < timedelta(days=15)


def test_a_session_that_is_not_used_for_half_a_day_is_over(
    password_hash: str, test_clock: FixedClock
) -> None:
    add("lena@example.com", password_hash)
    _, token = sign_in()
    test_clock.advance(timedelta(hours=12))
    assert holder(token) is None
