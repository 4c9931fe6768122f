"""Times at which something that we stand on is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from azora_admin.core import db
from azora_admin.core.config import Settings

NOBODY = "postgresql://nobody@127.0.0.1:9/none"


@contextmanager
def database_out_of_reach(settings: Settings) -> Iterator[None]:
    """Within the block, this process's database answers no call."""
    was = db.current()
    gone = db.connect(settings.model_copy(update={"database_url": NOBODY, "replica_url": ""}))
    try:
        yield
    finally:
        db.use(was)
        gone.close()
