"""The doctor's look at the database: does it answer, is it new enough, at our schema, and may we do our work there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from psycopg import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.launch import embedded, migrations
from azora_admin.launch.finding import Finding, noted, well, wrong
from azora_admin.launch.problem import LaunchError

_OLDEST: Final = 15
# The ledger's laws are triggers, so whoever migrates must be allowed to make them. Tried, and rolled back.
_TRIAL: Final = (
    "CREATE TABLE azora_doctor_trial (n int)",
    "CREATE FUNCTION azora_doctor_trial() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER azora_doctor_trial BEFORE INSERT ON azora_doctor_trial EXECUTE FUNCTION azora_doctor_trial()",
)


def examine_database(settings: Settings) -> Iterator[Finding]:
    """What there is to say about the database of ``settings``."""
    if not settings.database_url:
        yield _embedded()
        return
    try:
        with db.make_engine(settings.database_url, pool_size=1, pool=NullPool).connect() as connection:
            yield from _connected(connection)
    except OperationalError as error:
        yield wrong(
            "database",
            f"does not answer: {str(error.orig).strip()}. Start it, or correct AZORA_DATABASE_URL.",
        )


def _embedded() -> Finding:
    try:
        return noted(
            "database", f"the embedded one is started with the demo (binaries in {embedded.binaries()})"
        )
    except LaunchError as problem:
        return wrong("database", str(problem))


def _connected(connection: Connection) -> Iterator[Finding]:
    version = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
    if version < _OLDEST:
        yield wrong("database", f"is PostgreSQL {version}; {_OLDEST} or newer is needed.")
    else:
        yield well("database", f"PostgreSQL {version} answers")
    yield _schema(connection)
    yield _rights(connection)


def _schema(connection: Connection) -> Finding:
    here, needed = migrations.version_of(connection), migrations.newest_version()
    if here == needed:
        return well("schema", f"at {here}, the newest")
    return wrong("schema", f"at {here or 'nothing'}, and this program needs {needed}. Run azora migrate.")


def _rights(connection: Connection) -> Finding:
    connection.rollback()
    try:
        for statement in _TRIAL:
            connection.execute(text(statement))
    except DBAPIError as error:
        if not isinstance(error.orig, errors.InsufficientPrivilege):
            raise
        return wrong("rights", f"this role may not make tables and triggers here: {str(error.orig).strip()}")
    finally:
        connection.rollback()
    return well("rights", "this role may make tables and triggers")
