"""The short way to the database, for the few statements that every request runs: worded once, run by the driver.

Of the 400 µs that a session takes to find one row, some 60 are left (``make bench``). Anything less frequent is
better off with ``session.execute``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from sqlalchemy import Engine, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from azora_admin.core import db

_DIALECT: Final = PGDialect_psycopg()  # type: ignore[no-untyped-call]


class Statement:
    """SQL whose parameters (``bindparam`` or ``%(name)s``) are all given when it is run.

    What never changes is better a literal than a parameter: PostgreSQL then plans once for a partial index or a limit.
    """

    def __init__(self, wording: str | Select[*tuple[Any, ...]]) -> None:
        self.sql = wording if isinstance(wording, str) else wording.compile(dialect=_DIALECT).string
        self.as_sent: Final = self.sql.encode()


def rows(session: Session, statement: Statement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run ``statement`` in ``session``; its rows as the driver reads them.

    In ``db.reading()`` and ``db.single_write()`` this takes a connection for this statement alone; elsewhere it is part
    of the session's transaction. Raises SQLAlchemy's OperationalError when the database is out of reach.
    """
    engine = session.bind
    try:
        if isinstance(engine, Engine) and _stands_alone(engine) and not session.in_transaction():
            with _borrowed(engine) as connection:
                return connection.execute(statement.as_sent, values).fetchall()
        session.flush()
        return db.driver(session).execute(statement.as_sent, values).fetchall()
    except psycopg.OperationalError as error:
        raise OperationalError(statement.sql, None, error) from error


def _stands_alone(engine: Engine) -> bool:
    database = db.current()
    return engine is database.reader or engine is database.single_writer


@contextmanager
def _borrowed(engine: Engine) -> Iterator[psycopg.Connection[Any]]:
    """A connection of ``engine``, whose statements are transactions of their own, for as long as the block lasts."""
    pooled = engine.raw_connection()
    connection: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
    try:
        if not connection.autocommit:
            raise RuntimeError("this engine's statements would never be committed")
        yield connection
    finally:
        if connection.closed:
            pooled.invalidate()
            # The others of the pool were cut off by the same restart.
            engine.dispose()
        pooled.close()
