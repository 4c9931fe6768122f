"""What is measured, set up: a PostgreSQL of its own, the rows, both servers side by side. All of it ends with us."""

from __future__ import annotations

import json
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, LiteralString

import psutil
import psycopg

from azora_admin.api.keyring import KeyRing, find_keys
from azora_admin.core import db
from azora_admin.core.config import Settings, load_settings
from azora_admin.identity.rules.signing_keys import SigningKey
from azora_admin.launch import embedded, home, migrations, processes
from bench import filling
from bench.filling import Scale
from bench.statements import logged_statements

SECRET: Final = "a secret key for measuring, longer than thirty-two characters"
WEBHOOK_SECRET: Final = "whsec_measured"


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: ``name`` is ``ours`` or ``floor``."""

    name: str
    port: int
    process: psutil.Process


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs, and where its CPU time is counted."""

    url: str
    scale: Scale
    postgres: psutil.Process
    postgres_log: Path
    signing_key: SigningKey
    servers: Mapping[str, Server]

    def query(self, statement: LiteralString, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of ``statement`` on the stage's database."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(statement, values).fetchall()

    def cpu_seconds(self, *parts: psutil.Process) -> float:
        """CPU time that ``parts`` and the database have used so far, with all their processes."""
        return sum(_tree_seconds(part) for part in (self.postgres, *parts))

    def statements(self) -> AbstractContextManager[list[str]]:
        """Collects every statement that reaches the database during the block."""
        return logged_statements(self.url, self.postgres_log)


@contextmanager
def staged(folder: Path, scale: Scale) -> Iterator[Stage]:
    """The stage, in ``folder``; rows that a kept folder has already are not made again."""
    with ExitStack() as stack:
        log = folder / "postgres.log"
        cluster = embedded.prepare(folder / "postgres")
        process = embedded.start(cluster, log=log)
        stack.callback(embedded.stop, process)
        embedded.wait_until_ready(cluster, process, log=log)
        url = embedded.ensure_database(cluster, "azora_bench")
        migrations.migrate(url)
        if filling.is_filled(url, scale):
            filling.settle(url)
        else:
            filling.fill(url, scale)
        key = _signing_key(_settings(url, folder))
        servers = {name: stack.enter_context(_server(name, url, folder, key)) for name in ("ours", "floor")}
        yield Stage(url, scale, psutil.Process(process.pid), log, key, servers)


@contextmanager
def _server(name: str, url: str, folder: Path, key: SigningKey) -> Iterator[Server]:
    port = _free_port()
    settings = _settings(url, folder, port=port)
    command = [sys.executable, "-m", "bench.server", name]
    log = folder / f"{name}.log"
    environment = home.environment_of(settings) | _floor_environment(settings, key)
    process = processes.start(command, log=log, environment=environment)
    try:
        _await(port, process.pid, log)
        yield Server(name, port, psutil.Process(process.pid))
    finally:
        processes.stop(process, within=10)


def _settings(url: str, folder: Path, *, port: int = 8000) -> Settings:
    return load_settings(
        {
            "mode": "live",
            "home": folder,
            "port": port,
            "database_url": url,
            "secret_key": SECRET,
            "stripe_api_key": "sk_test_measured",
            "stripe_webhook_secret": WEBHOOK_SECRET,
            "log_level": "WARNING",
            # Counted like everybody's, and let through: one address asks for all.
            "requests_per_minute": 1_000_000_000,
        }
    )


def _signing_key(settings: Settings) -> SigningKey:
    """The key that signs the tokens of both sides; on a fresh database it is made here."""
    database = db.connect(settings)
    try:
        return KeyRing(partial(find_keys, SECRET)).signing_key()
    finally:
        database.close()


def _floor_environment(settings: Settings, key: SigningKey) -> dict[str, str]:
    return {
        "FLOOR_DATABASE_URL": settings.database_url,
        "FLOOR_SECRET": SECRET,
        "FLOOR_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "FLOOR_TOKEN_KEY": json.dumps(key.pair.as_dict(private=False)),
        "PYTHONPATH": str(Path.cwd()),
    }


def _await(port: int, pid: int, log: Path, within: float = 30) -> None:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and psutil.pid_exists(pid):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"a server did not start:\n{processes.last_lines(log)}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _tree_seconds(root: psutil.Process) -> float:
    seconds = 0.0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system
    return seconds
