"""Everything that one running stand-in holds: its store, its clock, its settings, what it was told to do wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from azora_admin.sandbox.stripe import ACCOUNT
from azora_admin.sandbox.stripe.announcements import announce
from azora_admin.sandbox.stripe.book import Book, Cause
from azora_admin.sandbox.stripe.clock import Clock
from azora_admin.sandbox.stripe.faults import Faults
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.mischief import Mischief, read_mischief
from azora_admin.sandbox.stripe.resources import gather
from azora_admin.sandbox.stripe.settings import Settings
from azora_admin.sandbox.stripe.store import Store


class World:
    """Shared by all threads. What changes in it changes inside a transaction."""

    def __init__(self, data: Path, *, api_key: str, publishable_key: str) -> None:
        self.api_key = api_key
        self.publishable_key = publishable_key
        self.registry = gather()
        self.faults = Faults()
        self.in_flight: set[tuple[str, str]] = set()
        self.in_flight_lock = threading.Lock()
        self.alarm = threading.Event()
        self.ending = threading.Event()
        self.store = Store(data)
        with self.store.transaction():
            for name in sorted(self.registry.filters):
                self.store.index_field(name)
            self.read_back()

    def read_back(self) -> None:
        """Takes clock, settings and mischief from the store, or as they are at first."""
        self.clock = Clock(**(self.store.read_kept("clock") or {}))
        self.settings = Settings(**(self.store.read_kept("settings") or {}))
        self.set_mischief(read_mischief(self.store.read_kept("mischief") or {}))

    @contextmanager
    def transaction(self, cause: Cause | None = None, *, account: str = ACCOUNT) -> Iterator[Book]:
        """A book to read and write in; committed when the block ends, undone when it raises."""
        with self.store.transaction():
            book = Book(
                self.store,
                self.registry,
                self.settings,
                account,
                self.clock.now(),
                cause or Cause(),
                self._announce,
            )
            yield book
        if book.wakes:
            self.alarm.set()

    def set_mischief(self, mischief: Mischief) -> None:
        self.mischief = mischief
        self.dice = mischief.random()

    def keep(self, name: str, value: Json) -> None:
        """Stores clock, settings or mischief under ``name`` and puts them in force."""
        self.store.write_kept(name, value)
        self.read_back()
        self.alarm.set()

    def end(self) -> None:
        """Wakes every thread that waits; afterwards the store is closed."""
        self.ending.set()
        self.alarm.set()
        self.faults.release()
        self.store.close()

    def _announce(self, book: Book, event: Json) -> None:
        announce(book, event, self.mischief, self.dice)
