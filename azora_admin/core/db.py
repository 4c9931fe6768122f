"""The database: three engines, four ways in, and the only ``commit`` of the whole program.

``transaction()`` writes, ``single_write()`` runs one statement that is its own transaction, ``reading()`` runs single
read-only statements, ``snapshot()`` reads several statements from one moment. A gateway calls
``forbid_inside_transaction()``, so that nothing talks to the outside while rows are locked (reserve, send, record).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from psycopg import Connection as DriverConnection
from sqlalchemy import Engine, MetaData, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import Pool, QueuePool

from azora_admin.core.config import Settings

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


_SESSION: Final = "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
_READ_ONLY: Final = "-c default_transaction_read_only=on"
# Each statement is its own transaction: one round trip, and nothing to undo when the connection goes back.
_WITHOUT_TRANSACTIONS: Final[dict[str, Any]] = {"isolation_level": "AUTOCOMMIT", "pool_reset_on_return": None}


class Base(DeclarativeBase):
    """The one SQLAlchemy model; every ``tables.py`` declares on it, ``azora_admin.model`` gathers them."""

    metadata = MetaData(naming_convention=NAMING)


class Database:
    """The engines. The reader's connections can't write; theirs and the single writer's open no transaction.

    ``redis_url``: the Redis that may hold copies of what it says; empty: there are none.
    """

    def __init__(
        self,
        writer: Engine,
        single_writer: Engine,
        reader: Engine,
        replica: Engine | None = None,
        *,
        redis_url: str = "",
    ) -> None:
        self.redis_url = redis_url
        self.writer = writer
        self.single_writer = single_writer
        self.reader = reader
        self.replica = replica or reader
        self.repeatable = reader.execution_options(isolation_level="REPEATABLE READ")
        self.repeatable_report = self.replica.execution_options(isolation_level="REPEATABLE READ")

    def close(self) -> None:
        for engine in (self.writer, self.single_writer, self.reader, self.replica):
            engine.dispose()


_database: Database | None = None
_inside: ContextVar[bool] = ContextVar("inside_transaction", default=False)
_AFTERWARDS: Final = "azora.afterwards"


def make_engine(
    url: str, *, pool_size: int, pool: type[Pool] = QueuePool, options: str = "", **more: Any
) -> Engine:
    """An engine for ``url`` (any ``postgresql://`` form), with UTC sessions and prepared statements.

    ``options`` are settings of its sessions, ``more`` goes to SQLAlchemy's ``create_engine``.
    """
    if pool is QueuePool:
        more |= {"pool_size": pool_size, "max_overflow": pool_size}
    return create_engine(
        driver_url(url),
        poolclass=pool,
        connect_args={
            "options": f"{_SESSION} {options}",
            "prepare_threshold": 2,
            "application_name": "azora",
        },
        **more,
    )


def driver_url(url: str) -> str:
    """``url`` with the driver that we use named."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]


def connect(settings: Settings) -> Database:
    """Open the engines that ``settings`` name and make them this process's database."""
    url, size = settings.database_url, settings.database_pool
    writer = make_engine(url, pool_size=size)
    single_writer = make_engine(url, pool_size=size, **_WITHOUT_TRANSACTIONS)
    reader = make_engine(url, pool_size=size, options=_READ_ONLY, **_WITHOUT_TRANSACTIONS)
    replica = (
        make_engine(settings.replica_url, pool_size=size, options=_READ_ONLY)
        if settings.replica_url
        else reader
    )
    redis_url = settings.redis_url.get_secret_value()
    return use(Database(writer, single_writer, reader, replica, redis_url=redis_url))


def use(database: Database) -> Database:
    """Make ``database`` this process's database (web, worker, command or test)."""
    global _database
    _database = database
    return database


def current() -> Database:
    """This process's database. Raises RuntimeError before ``connect``."""
    if _database is None:
        raise RuntimeError("no database yet: call core.db.connect(settings) first")
    return _database


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction: committed when the block ends, rolled back when it raises. Can't be nested."""
    if _inside.get():
        raise RuntimeError("a transaction is open already: pass its session down instead")
    session = Session(current().writer, expire_on_commit=False)
    token = _inside.set(True)
    try:
        with session:
            yield session
            session.commit()
    finally:
        _inside.reset(token)
        for act in acts_afterwards(session):
            act()


def afterwards(session: Session, act: Callable[[], None]) -> None:
    """Have ``act``, which must not raise, done once this transaction is over, so that it may call the outside.

    It is done also when the transaction failed: whoever loses the connection at COMMIT can't know whether it did.
    A process that is killed right after COMMIT doesn't do it. Raises RuntimeError outside ``transaction``.
    """
    if not _inside.get():
        raise RuntimeError("no transaction is open that something could be done after")
    session.info.setdefault(_AFTERWARDS, []).append(act)


def acts_afterwards(session: Session) -> list[Callable[[], None]]:
    """What is to be done once the transaction is over."""
    acts: list[Callable[[], None]] = session.info.get(_AFTERWARDS, [])
    return acts


@contextmanager
def rehearsal() -> Iterator[Session]:
    """A transaction like any other that is rolled back in the end, whatever was done in it. Can't be nested."""
    if _inside.get():
        raise RuntimeError("a transaction is open already: pass its session down instead")
    token = _inside.set(True)
    try:
        with Session(current().writer, expire_on_commit=False) as session:
            try:
                yield session
            finally:
                session.rollback()
    finally:
        _inside.reset(token)


def check_now(session: Session) -> None:
    """Have everything checked that the database would check at the commit. Raises IntegrityError as that would."""
    session.flush()
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


@contextmanager
def single_write() -> Iterator[Session]:
    """A session for exactly one statement, which is its own transaction: one round trip instead of three."""
    if _inside.get():
        raise RuntimeError("a transaction is open already: pass its session down instead")
    session = Session(current().single_writer, expire_on_commit=False)
    try:
        yield session
    finally:
        _close(session)


@contextmanager
def reading() -> Iterator[Session]:
    """A read-only session in which each statement stands alone: no BEGIN, no COMMIT, no round trip for them."""
    session = Session(current().reader, expire_on_commit=False, autoflush=False)
    try:
        yield session
    finally:
        _close(session)


def _close(session: Session) -> None:
    # A statement that went the short way (core/statements.py) began nothing, and an end of nothing costs 15 µs.
    if session.in_transaction():
        session.close()


@contextmanager
def snapshot() -> Iterator[Session]:
    """A read-only session whose statements all see one moment, for reports: of the replica if there is one."""
    with Session(current().repeatable_report, expire_on_commit=False, autoflush=False) as session:
        yield session


@contextmanager
def exact_snapshot() -> Iterator[Session]:
    """``snapshot`` of the main database, for proofs: nothing that was committed before may be missing."""
    with Session(current().repeatable, expire_on_commit=False, autoflush=False) as session:
        yield session


def forbid_inside_transaction() -> None:
    """Raise RuntimeError when this thread has a transaction open. Every gateway method calls it first."""
    if _inside.get():
        raise RuntimeError(
            "the outside world is not to be called inside a transaction: reserve, send, record"
        )


def driver(session: Session) -> DriverConnection[Any]:
    """The psycopg connection under ``session``, for what has no SQLAlchemy form (jobs, COPY, pipelines)."""
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, DriverConnection):
        raise TypeError(f"not a psycopg connection: {connection!r}")
    return connection


def lock(session: Session, name: str) -> None:
    """Wait for the lock called ``name`` and hold it until this transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})
