"""The schema: one line of migrations, safe to run from two places at once, and equal to the model."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.pool import NullPool

from azora_admin import model
from azora_admin.core import db
from azora_admin.launch import migrations
from tests.databases import PreparedDatabase


@pytest.fixture
def empty_database(migrated_database: PreparedDatabase) -> Iterator[str]:
    """The address of a database in which nothing is."""
    with psycopg.connect(migrated_database.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE empty")
        yield migrated_database.url.replace("azora_test", "empty")
        connection.execute("DROP DATABASE empty WITH (FORCE)")


def test_the_migrations_are_one_line_with_numbers_that_count_up() -> None:
    script = ScriptDirectory(str(migrations.folder()))
    revisions = [one.revision for one in script.walk_revisions()][::-1]
    assert revisions == sorted(set(revisions))
    assert all(len(one) == 4 and one.isdigit() for one in revisions)
    assert not any(one.is_branch_point or one.is_merge_point for one in script.walk_revisions())


def test_no_migration_has_a_way_back() -> None:
    for revision in ScriptDirectory(str(migrations.folder())).walk_revisions():
        assert not hasattr(revision.module, "downgrade"), f"{revision.revision}: a mistake is a new migration"


def test_two_starts_at_once_migrate_one_after_the_other(empty_database: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            migrations.migrate(empty_database)
        except BaseException as error:  # noqa: BLE001  whatever it is, the test shall show it
            failures.append(error)

    starts = [threading.Thread(target=start) for _ in range(3)]
    for one in starts:
        one.start()
    for one in starts:
        one.join()
    assert failures == []
    with db.make_engine(empty_database, pool_size=1, pool=NullPool).connect() as connection:
        assert migrations.version_of(connection) == migrations.newest_version()


def test_the_tables_and_columns_are_what_the_model_says(database: db.Database) -> None:
    def is_ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
        # Indexes and constraints are the migrations' business alone.
        is_foreign = kind == "table" and (name or "").startswith("procrastinate_")
        return not is_foreign and kind not in ("index", "unique_constraint")

    with database.writer.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": is_ours, "compare_type": True}
        )
        assert compare_metadata(context, model.metadata) == []


def test_a_job_can_be_enqueued_in_the_migrated_database(database: db.Database) -> None:
    with db.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == 0
