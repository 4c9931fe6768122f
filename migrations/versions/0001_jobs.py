"""Procrastinate's tables, functions and triggers: the jobs."""

from __future__ import annotations

from alembic import op
from procrastinate.schema import SchemaManager
from psycopg import Connection

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The schema is read from the installed package, so a fresh database always gets the schema of the version that the
# lock pins (3.10). Whoever moves the lock to another minor version adds a migration that runs the package's own
# procrastinate/sql/migrations/ files between the two: databases that are older than the move need them.


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    assert isinstance(connection, Connection)
    # By the driver and without parameters: many statements in one string, and every % and : as it stands.
    connection.execute(SchemaManager.get_schema())
