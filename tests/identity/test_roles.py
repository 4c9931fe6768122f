"""Giving and taking roles: who may lose what, who sees which version, and what is noted of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.errors import Conflict, DomainError, Invalid, NotFound
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.actions.roles import StaleVersion, change_roles
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import Actor
from azora_admin.identity.rules.roles import check_roles
from tests.pages import market

pytestmark = pytest.mark.usefixtures("database")


def admin(person_id: PersonId | None = None) -> Actor:
    return Actor(person_id, "Amara Nwosu", "page", "req_test", "127.0.0.1")


def change(
    person_id: PersonId,
    roles: Iterable[str],
    *,
    version: int = 1,
    why: str = "asked for",
    by: PersonId | None = None,
) -> None:
    with db.transaction() as session:
        change_roles(session, admin(by), person_id=person_id, roles=roles, version=version, why=why)


def roles_of(person_id: PersonId) -> set[str]:
    with db.reading() as session:
        return set(get_person(session, person_id).roles)


def code_of(refused: pytest.ExceptionInfo[Invalid]) -> str:
    return refused.value.errors[0].code


def test_a_change_is_made_and_noted_with_its_reason() -> None:
    person = market.add_person("lena@market.test", "Lena", "learner")
    change(person, ["instructor", "learner"], why="signed the agreement")
    assert roles_of(person) == {"learner", "instructor"}
    with db.reading() as session:
        noted = session.execute(
            text("SELECT before, after, why FROM audit_entry WHERE act = 'person.roles_changed'")
        ).one()
    assert tuple(noted) == (
        {"roles": ["learner"]},
        {"roles": ["instructor", "learner"]},
        "signed the agreement",
    )


def test_the_same_roles_again_change_nothing_and_note_nothing() -> None:
    person = market.add_person("lena@market.test", "Lena", "learner")
    change(person, ["learner"])
    with db.reading() as session:
        assert session.scalar(text("SELECT version FROM person WHERE id = :id"), {"id": person}) == 1
        assert (
            session.scalar(text("SELECT count(*) FROM audit_entry WHERE act = 'person.roles_changed'")) == 0
        )


def test_who_saw_an_older_version_changes_nothing() -> None:
    person = market.add_person("lena@market.test", "Lena", "learner")
    change(person, ["instructor"])
    with pytest.raises(StaleVersion) as refused:
        change(person, ["owner"], version=1)
    assert (refused.value.status, refused.value.code) == (409, "stale_version")
    assert roles_of(person) == {"instructor"}


@pytest.mark.parametrize("why", ["", "  ", "x", "y" * 501])
def test_a_change_needs_a_reason(why: str) -> None:
    person = market.add_person("lena@market.test", "Lena", "learner")
    with pytest.raises(Invalid) as refused:
        change(person, ["owner"], why=why)
    assert code_of(refused) == "reason_needed"
    assert roles_of(person) == {"learner"}


def test_nobody_who_is_not_there_gets_a_role() -> None:
    with pytest.raises(NotFound):
        change(PersonId(new_id()), ["owner"])


@pytest.mark.parametrize(
    ("asked", "held", "code"),
    [
        (["emperor"], ["learner"], "unknown_role"),
        ([], ["learner"], "no_role"),
        (["machine"], ["learner"], "machine_role"),
        (["learner"], ["machine"], "machine_role"),
        (["machine", "admin"], ["machine"], "mixed_machine"),
    ],
)
def test_some_roles_can_not_be_given(asked: list[str], held: list[str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_roles(asked, held=held, is_own=False)
    assert code_of(refused) == code


def test_an_administrator_keeps_that_role_from_their_own_hand() -> None:
    with pytest.raises(Invalid) as refused:
        check_roles(["learner"], held=["admin"], is_own=True)
    assert code_of(refused) == "own_admin_role"
    assert check_roles(["learner", "admin"], held=["admin"], is_own=True) == ["learner", "admin"]


def test_the_last_administrator_stays_one() -> None:
    last = market.add_person("last@market.test", "Last", "admin")
    with pytest.raises(Conflict) as refused:
        change(last, ["learner"])
    assert refused.value.code == "last_admin"


def test_two_who_take_the_role_from_each_other_at_once_leave_one() -> None:
    first = market.add_person("first@market.test", "First", "admin")
    second = market.add_person("second@market.test", "Second", "admin")
    begin, refused = threading.Barrier(2), list[str]()

    def take(victim: PersonId, by: PersonId) -> None:
        begin.wait()
        try:
            change(victim, ["learner"], by=by)
        except DomainError as error:
            refused.append(error.code)

    threads = [threading.Thread(target=take, args=pair) for pair in ((first, second), (second, first))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == ["last_admin"]
    assert sum("admin" in roles_of(one) for one in (first, second)) == 1
