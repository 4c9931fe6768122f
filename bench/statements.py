"""What reaches the database, counted by the database itself: a statement is a round trip, so this is what to gate."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, LiteralString

import psycopg

_STATEMENT: Final = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*(?:\n\t.*)*)")
_OURS: Final = ("ALTER SYSTEM", "SELECT pg_reload_conf")
# Sessions read a changed setting before their next statement, once the signal has reached them.
_SIGNAL_SECONDS: Final = 0.15


@contextmanager
def logged_statements(url: str, log: Path) -> Iterator[list[str]]:
    """Collects every statement that anybody sends to the server of ``url`` during the block.

    ``log`` is where that server writes. The list is filled when the block ends.
    """
    seen: list[str] = []
    _log_statements(url, "all")
    begin = log.stat().st_size
    try:
        yield seen
    finally:
        _log_statements(url, "none")
        with log.open("rb") as file:
            file.seek(begin)
            written = file.read().decode(errors="replace")
        sent = (" ".join(text.split()) for text in _STATEMENT.findall(written))
        seen += [text for text in sent if not text.startswith(_OURS)]


def _log_statements(url: str, which: LiteralString) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET log_statement = '{which}'")
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(_SIGNAL_SECONDS)
