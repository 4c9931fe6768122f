"""What every test may ask for. The database is real, its commits are real, and it is clean again after each test."""

from __future__ import annotations

import fcntl
import gc
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings, load_settings
from tests import forgetting
from tests.databases import PreparedDatabase, prepared_database
from tests.gateways.redis.server import RedisServer
from tests.launch.running import azora_up, copy_home
from tests.sandbox.stripe.stand_in import StandIn
from tests.selling import Shop

# A machine that is busy with something else is no failure, and no example is kept from run to run.
hypothesis.settings.register_profile("azora", deadline=None, database=None)
hypothesis.settings.load_profile("azora")

# Every test makes an application, thousands of objects that live as long as each other; looking at all that is imported
# again and again for the sake of them took a seventh of the time.
gc.freeze()
gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def forgetting_watched() -> Iterator[None]:
    """In every test: who changes what a session answers has its copies forgotten."""
    with forgetting.watched():
        yield


@pytest.fixture(scope="session")
def run_folder() -> Iterator[Path]:
    """A folder of this run, short enough for sockets, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="azora-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def migrated_database(run_folder: Path) -> Iterator[PreparedDatabase]:
    """PostgreSQL with every migration run; ``database`` is what a test wants."""
    with prepared_database(run_folder) as database:
        yield database


@pytest.fixture(scope="session")
def seeded_home(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the demo has been started once, for the tests that start the real thing.

    The eight weeks of its sales are relived once in a run: the other processes of the run get a copy.
    """
    home = run_folder / "seeded home"
    # pytest-xdist gives each of its processes a folder within that of the run.
    of_the_run = tmp_path_factory.getbasetemp().parent / "seeded home"
    with of_the_run.with_suffix(".lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if "PYTEST_XDIST_WORKER" in os.environ and of_the_run.exists():
            copy_home(of_the_run, home)
            return home
        with azora_up(home) as running:
            assert running.end() == 0
        if "PYTEST_XDIST_WORKER" in os.environ:
            copy_home(home, of_the_run)
    return home


@pytest.fixture
def settings(migrated_database: PreparedDatabase, run_folder: Path) -> Settings:
    """Settings of a demo on the test database, whatever the environment says."""
    return load_settings(
        {
            "mode": "demo",
            "home": run_folder,
            "database_url": migrated_database.url,
            "secret_key": "a secret key for tests, thirty-two characters",
            "stripe_api_key": "sk_test_azora",
            "stripe_webhook_secret": "whsec_azora",
            "stripe_api_base": "",
        }
    )


@pytest.fixture
def database(settings: Settings, migrated_database: PreparedDatabase) -> Iterator[db.Database]:
    """The process's database (``core.db``), as the migrations left it."""
    connected = db.connect(settings)
    try:
        yield connected
    finally:
        connected.close()
        migrated_database.restore()


@pytest.fixture(scope="session")
def compiled_templates(run_folder: Path) -> FileSystemBytecodeCache:
    """Templates compiled once in this run, and not again for each test: some 40 ms a page."""
    folder = run_folder / "templates"
    folder.mkdir()
    return FileSystemBytecodeCache(str(folder))


@pytest.fixture
def app(settings: Settings, database: db.Database, compiled_templates: FileSystemBytecodeCache) -> Flask:
    """The whole application."""
    from azora_admin.app import create_app

    made = create_app(settings)
    made.jinja_env.bytecode_cache = compiled_templates
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A caller of the application without a session."""
    return app.test_client()


@pytest.fixture(scope="session")
def stand_in_process(run_folder: Path) -> Iterator[StandIn]:
    """Stripe's stand-in as a process; ``stand_in`` is what a test wants."""
    running = StandIn(run_folder / "stripe")
    yield running
    running.end()


@pytest.fixture
def stand_in(stand_in_process: StandIn) -> StandIn:
    """The running stand-in, with nothing in it and its time held still so that nothing happens by itself."""
    stand_in_process.control("/reset", {})
    stand_in_process.control("/clock", {"frozen": True})
    return stand_in_process


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis of the test's own, running."""
    with tempfile.TemporaryDirectory(prefix="azora-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.end()


@pytest.fixture
def shop(settings: Settings, database: db.Database, stand_in: StandIn) -> Shop:
    """A shop that sells courses through the stand-in."""
    return Shop(settings.model_copy(update={"stripe_api_base": stand_in.base}), stand_in)


@pytest.fixture
def test_clock() -> Iterator[FixedClock]:
    """A clock that stands at noon of a day in 2026 until the test moves it."""
    fixed = FixedClock(datetime(2026, 7, 1, 12, 0, tzinfo=UTC))
    with clock.use(fixed):
        yield fixed
