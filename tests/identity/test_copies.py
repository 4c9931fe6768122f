"""The law of forgotten copies: the program can't change what a session answers and keep silent, in any test."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Executable, text

import azora_admin
from azora_admin.core import db
from azora_admin.identity.actions.copies import forget_copies
from azora_admin.identity.rules import SignedIn
from tests.forgetting import changes_an_answer
from tests.identity import having


@pytest.fixture
def lena(database: db.Database) -> SignedIn:
    return having.add("lena@example.com", "support")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE person SET roles='{admin}' WHERE id = 1",
        "UPDATE person SET version=2, name='Lena' WHERE id = 1",
        "UPDATE person_session SET ended_at=now()",
        "UPDATE person_session SET proved_at=now() WHERE id = 1 RETURNING id",
        "DELETE FROM person_session",
        "DELETE FROM passkey WHERE id = 1",
        "INSERT INTO authenticator_app (id) VALUES (1)",
        "INSERT INTO seeing (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET until=now()",
    ],
)
def test_what_changes_an_answer_is_known(statement: str) -> None:
    assert changes_an_answer(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT roles FROM person",
        "UPDATE person SET password_hash='x' WHERE name='Lena'",
        "UPDATE person_session SET last_seen_at=now() WHERE ended_at IS NULL",
        "INSERT INTO person_session (id) VALUES (1)",
        "INSERT INTO person (id) VALUES (1)",
        "UPDATE passkey SET sign_count=2 WHERE id = 1",
        "UPDATE payment SET name='x'",
    ],
)
def test_what_changes_none_is_left_alone(statement: str) -> None:
    assert not changes_an_answer(statement)


def as_the_program(session: object, statement: Executable) -> None:
    """Run ``statement`` from a line that stands, as far as the law can see, in the program."""
    line = compile("session.execute(statement)", f"{Path(azora_admin.__file__).parent}/made_up.py", "exec")
    exec(line, {"session": session, "statement": statement})


def test_a_change_without_forgetting_fails_its_test(lena: SignedIn) -> None:
    change = text("UPDATE person SET name='Helena'")
    with pytest.raises(AssertionError, match=r"forget_copies\(\) is missing"), db.transaction() as session:
        as_the_program(session, change)
    with db.transaction() as session:
        as_the_program(session, change)
        forget_copies(session, lena.person_id)


def test_a_test_may_set_its_stage_without(lena: SignedIn) -> None:
    with db.transaction() as session:
        session.execute(text("UPDATE person SET name='Helena'"))
