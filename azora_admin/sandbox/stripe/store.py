"""One SQLite file that holds it all: objects as JSON, what is due later, deliveries, idempotency keys.

One connection and one lock: a request is one short write transaction, so an answer that was sent was
committed before. WAL with synchronous=NORMAL: a killed process loses nothing (a power cut might).
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from azora_admin.sandbox.stripe.json_types import Json

SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, account TEXT NOT NULL,
  created INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS object_list ON object (account, kind, gone, seq);
CREATE TABLE IF NOT EXISTS later (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, due_at REAL NOT NULL, task TEXT NOT NULL, object_id TEXT NOT NULL,
  account TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS later_due ON later (due_at, seq);
CREATE TABLE IF NOT EXISTS delivery (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, endpoint_id TEXT NOT NULL, account TEXT NOT NULL,
  state TEXT NOT NULL, due_at REAL NOT NULL, first_due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, due_at, seq);
CREATE INDEX IF NOT EXISTS delivery_event ON delivery (event_id);
CREATE TABLE IF NOT EXISTS attempt (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, delivery_seq INTEGER NOT NULL, at REAL NOT NULL, status INTEGER, error TEXT);
CREATE INDEX IF NOT EXISTS attempt_delivery ON attempt (delivery_seq);
CREATE TABLE IF NOT EXISTS idempotency (
  account TEXT NOT NULL, key TEXT NOT NULL, endpoint TEXT NOT NULL, fingerprint TEXT NOT NULL,
  request_id TEXT NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL, created_at REAL NOT NULL,
  PRIMARY KEY (account, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
EMPTIED_BY_RESET = ("object", "later", "delivery", "attempt", "idempotency", "kept")


class StoreClosed(Exception):
    """The stand-in is ending; what was under way is not done."""


class Store:
    """The file. Every method but ``transaction`` and ``close`` wants a transaction around it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._is_closed = False
        self._db = sqlite3.connect(
            folder / "stripe.sqlite3", isolation_level=None, check_same_thread=False, cached_statements=256
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA busy_timeout=5000")
        self._db.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one at a time; whatever is raised undoes it."""
        with self._lock:
            if self._is_closed:
                raise StoreClosed
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def close(self) -> None:
        """Waits for the transaction under way; afterwards nothing is answered any more."""
        with self._lock:
            self._is_closed = True
            self._db.close()

    def run(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Executes; the number of rows changed."""
        return self._db.execute(statement, values).rowcount

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._db.execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        found = self._db.execute(statement, values).fetchone()
        return None if found is None else tuple(found)

    def index_field(self, name: str) -> None:
        """An index for lists filtered by the field ``name`` of an object."""
        self._db.execute(
            f"CREATE INDEX IF NOT EXISTS object_by_{name} ON object (kind, json_extract(body, '$.{name}'), seq)"
            f" WHERE json_extract(body, '$.{name}') IS NOT NULL"
        )

    def insert_object(self, kind: str, account: str, body: Json) -> None:
        self.run(
            "INSERT INTO object (id, kind, account, created, body) VALUES (?, ?, ?, ?, ?)",
            (body["id"], kind, account, body["created"], dumps(body)),
        )

    def update_object(self, body: Json) -> None:
        self.run("UPDATE object SET body = ? WHERE id = ?", (dumps(body), body["id"]))

    def remove_object(self, identifier: str) -> None:
        self.run("UPDATE object SET gone = 1 WHERE id = ?", (identifier,))

    def find_object(self, account: str, identifier: str) -> tuple[str, bool, Json] | None:
        """Kind, whether it was deleted, and body."""
        found = self.row(
            "SELECT kind, gone, body FROM object WHERE id = ? AND account = ?", (identifier, account)
        )
        return None if found is None else (found[0], bool(found[1]), json.loads(found[2]))

    def read_kept(self, name: str) -> Json | None:
        found = self.row("SELECT value FROM kept WHERE name = ?", (name,))
        return None if found is None else dict(json.loads(found[0]))

    def write_kept(self, name: str, value: Json) -> None:
        self.run(
            "INSERT INTO kept (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, dumps(value)),
        )

    def empty(self) -> None:
        for table in EMPTIED_BY_RESET:
            self.run(f"DELETE FROM {table}")  # noqa: S608 - the names stand above


def dumps(body: Json) -> str:
    """Compact JSON."""
    return _ENCODER.encode(body)
