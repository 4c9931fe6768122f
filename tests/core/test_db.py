"""One commit at the end of a transaction or none; readers can't write; nobody calls out while rows are locked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import cast

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from azora_admin.core import db

pytestmark = pytest.mark.usefixtures("database")

_WRITE = text(
    "INSERT INTO person (id, email, name, password_hash, roles, created_at)"
    " VALUES (gen_random_uuid(), 'lena@example.com', 'Lena', '', '{learner}', now())"
)


def people() -> int:
    with db.reading() as session:
        return int(session.scalar(text("SELECT count(*) FROM person")) or 0)


def test_a_transaction_is_committed_at_its_end_and_not_before() -> None:
    with db.transaction() as session:
        session.execute(_WRITE)
        assert people() == 0
    assert people() == 1


def test_a_transaction_that_raises_leaves_nothing() -> None:
    with suppress(KeyError), db.transaction() as session:
        session.execute(_WRITE)
        raise KeyError
    assert people() == 0
    with db.transaction() as session:
        session.execute(_WRITE)
    assert people() == 1


def test_a_transaction_in_a_transaction_is_refused_and_the_outer_one_goes_on() -> None:
    with db.transaction() as session:
        with pytest.raises(RuntimeError, match="open already"), db.transaction():
            pass
        session.execute(_WRITE)
    assert people() == 1


@pytest.mark.parametrize("way_in", [db.reading, db.snapshot])
def test_a_reader_can_not_write(way_in: Callable[[], AbstractContextManager[Session]]) -> None:
    with way_in() as session, pytest.raises(DBAPIError, match="read-only transaction"):
        session.execute(_WRITE)
    assert people() == 0


def test_a_snapshot_sees_one_moment_and_a_reading_each_its_own() -> None:
    count = text("SELECT count(*) FROM person")
    with db.snapshot() as still, db.reading() as moving:
        assert (still.scalar(count), moving.scalar(count)) == (0, 0)
        with db.transaction() as session:
            session.execute(_WRITE)
        assert (still.scalar(count), moving.scalar(count)) == (0, 1)


def test_the_outside_is_not_called_inside_a_transaction() -> None:
    db.forbid_inside_transaction()
    with db.reading():
        db.forbid_inside_transaction()
    with db.transaction(), pytest.raises(RuntimeError, match="reserve, send, record"):
        db.forbid_inside_transaction()
    with suppress(KeyError), db.transaction():
        raise KeyError
    db.forbid_inside_transaction()


@pytest.mark.parametrize("how", ["committed", "failed"])
def test_what_is_to_be_done_afterwards_is_done_once_the_transaction_is_over_however_it_ended(
    how: str,
) -> None:
    seen: list[int] = []

    def look() -> None:
        db.forbid_inside_transaction()
        seen.append(people())

    with suppress(KeyError), db.transaction() as session:
        session.execute(_WRITE)
        db.afterwards(session, look)
        assert seen == []
        if how == "failed":
            raise KeyError
    assert seen == [1 if how == "committed" else 0]


def test_without_a_transaction_nothing_can_be_done_afterwards() -> None:
    with db.reading() as session, pytest.raises(RuntimeError, match="no transaction is open"):
        db.afterwards(session, session.close)


def test_a_transaction_that_can_not_begin_leaves_nobody_inside_one(database: db.Database) -> None:
    db.use(cast("db.Database", object()))
    try:
        with pytest.raises(AttributeError), db.transaction():
            pass
    finally:
        db.use(database)
    db.forbid_inside_transaction()
    with db.transaction():
        pass
