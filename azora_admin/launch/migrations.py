"""The database's schema, brought to the newest version under a lock, so that two starts do not race."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.pool import NullPool

from azora_admin.core import db
from azora_admin.core.places import asset_root

_LOCK: Final = "azora migrations"


def migrate(database_url: str) -> None:
    """Run every migration that ``database_url`` has not had. Waits while another process does the same."""
    with db.make_engine(database_url, pool_size=1, pool=NullPool).connect() as connection:
        connection.execute(text("SELECT set_config('lock_timeout', '0', false)"))
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended(:name, 0))"), {"name": _LOCK})
        connection.rollback()
        # The lock is the session's and ends with it; the migrations are one transaction of their own.
        command.upgrade(_config(connection), "head")


def version_of(connection: Connection) -> str | None:
    """The version that the database stands at; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_version() -> str | None:
    """The version that this program needs."""
    return ScriptDirectory.from_config(_config(None)).get_current_head()


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder()).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def folder() -> Path:
    """Where the migrations are."""
    return asset_root("migrations")
