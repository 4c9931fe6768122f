"""Where Alembic meets our engine and our model. Forward only: there is no way down, a mistake is a new migration."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, pool

from azora_admin import model  # noqa: F401  the tables must be known before they are compared
from azora_admin.core import db
from azora_admin.core.config import load_settings


def is_ours(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:  # noqa: FBT001
    """Whether the model speaks for the thing: not for Procrastinate's tables, nor for indexes, which stand here."""
    is_foreign = kind == "table" and (name or "").startswith("procrastinate_")
    return not is_foreign and kind not in ("index", "unique_constraint")


def run(connection: Connection) -> None:
    """Bring ``connection``'s database to the target, all of it in one transaction."""
    context.configure(connection=connection, target_metadata=db.Base.metadata, include_object=is_ours)
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    given: Connection | None = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    # Called by the alembic command of a developer; the program itself always hands its connection in.
    with db.make_engine(
        load_settings().database_url, pool_size=1, pool=pool.NullPool
    ).connect() as connection:
        run(connection)


main()
