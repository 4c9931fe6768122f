"""``azora up``: everything that one machine needs, in the foreground, from the first check to the last goodbye."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from azora_admin.core.config import Settings, SettingsError
from azora_admin.launch import embedded, migrations, processes, stand_in, web
from azora_admin.launch import home as homes
from azora_admin.launch.ending import Ending
from azora_admin.launch.family import Child, Family
from azora_admin.launch.home import Home
from azora_admin.launch.port import refuse_taken_port
from azora_admin.launch.problem import LaunchError

Say = Callable[[str], None]

_LOOK_EVERY: Final = 0.2
_READY_WITHIN: Final = 60.0
# With web and worker ending together under eight seconds; ten are promised for an end.
_WEB_GRACE: Final = web.GRACE_SECONDS + 0.5
_WORKER_GRACE: Final = 2.5
_STAND_IN_GRACE: Final = 1.0
_POSTGRES_GRACE: Final = 2.5


def up(settings: Settings, ending: Ending, say: Say) -> None:
    """Run until ``ending`` is wanted. Raises LaunchError or SettingsError with a sentence."""
    check_settings(settings)
    home = homes.open_home(settings)
    with homes.held(home), ExitStack() as at_end:
        refuse_taken_port(settings.host, settings.port)
        home.run_file.unlink(missing_ok=True)
        family = Family(say)
        at_end.callback(family.stop)
        at_end.callback(home.run_file.unlink, missing_ok=True)
        settings = _start_ground(settings, home, family, say)
        ending.check()
        settings = _prepare_data(settings, home, ending)
        ending.check()
        children = _start_program(settings, home, family, ending)
        _write_run(settings, home, children)
        say(f"ready {settings.public_url}")
        while not ending.wait(_LOOK_EVERY):
            if family.look_after():
                _write_run(settings, home, children)
        say("ending …")


def check_settings(settings: Settings) -> None:
    """Raise SettingsError when these settings can't become a running program."""
    if settings.mode == "demo":
        if settings.stripe_api_key.get_secret_value().startswith(("sk_live", "rk_live")):
            raise SettingsError(
                "STRIPE_API_KEY is a live key: the demo never touches real money. Use a test key."
            )
        return
    needed = {
        "AZORA_DATABASE_URL": settings.database_url,
        "STRIPE_API_KEY": settings.stripe_api_key.get_secret_value(),
        "STRIPE_WEBHOOK_SECRET": settings.stripe_webhook_secret.get_secret_value(),
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise SettingsError(
            f"{' and '.join(missing)} must be set to run in live mode. AZORA_MODE=demo needs none of them."
        )


def _start_ground(settings: Settings, home: Home, family: Family, say: Say) -> Settings:
    """What the program stands on: keys, the database, the outside world. Returns settings that name them."""
    found: dict[str, Any] = {"home": home.folder}
    if not settings.secret_key.get_secret_value():
        found["secret_key"] = SecretStr(homes.kept_secret(home, "secret_key"))
    if not settings.database_url:
        say("starting PostgreSQL")
        found["database_url"] = _start_postgres(home, family)
    if settings.mode == "demo" and not (
        settings.stripe_api_base or settings.stripe_api_key.get_secret_value()
    ):
        say("starting Stripe's stand-in")
        found["stripe_api_base"] = _start_stand_in(home, family)
        found["stripe_api_key"] = SecretStr(stand_in.api_key(home))
    return settings.model_copy(update=found)


def _start_postgres(home: Home, family: Family) -> str:
    cluster, log = embedded.prepare(home.postgres), homes.open_log(home, "postgres")
    server = family.add(
        Child(
            "postgres",
            log,
            lambda: embedded.start(cluster, log=log),
            stop_signal=embedded.STOP_SIGNAL,
            grace=_POSTGRES_GRACE,
        )
    )
    assert server.process is not None
    embedded.wait_until_ready(cluster, server.process, log=log)
    return embedded.ensure_database(cluster, "azora")


def _start_stand_in(home: Home, family: Family) -> str:
    port, log = stand_in.usable_port(home), homes.open_log(home, "stripe")
    child = Child("stripe", log, lambda: stand_in.start(home, log, port=port), grace=_STAND_IN_GRACE)
    family.add(child)
    assert child.process is not None
    return stand_in.wait_until_listening(child.process, log, port=port)


def _prepare_data(settings: Settings, home: Home, ending: Ending) -> Settings:
    """The schema, the demo's history, and where Stripe sends its events. Returns settings with their secret."""
    migrations.migrate(settings.database_url)
    if settings.mode == "demo" and settings.stripe_api_base:
        _seed(settings, ending)
    if settings.stripe_webhook_secret.get_secret_value() or not settings.stripe_api_base:
        return settings
    secret = stand_in.register_webhooks(home, settings)
    return settings.model_copy(update={"stripe_webhook_secret": SecretStr(secret)})


def _seed(settings: Settings, ending: Ending) -> None:
    """The demo people and their history, by a command of its own that we can end at any moment."""
    seeding = processes.start(_azora("seed"), log=None, environment=homes.environment_of(settings))
    try:
        while not processes.has_ended(seeding):
            ending.check()
            time.sleep(0.05)
    finally:
        processes.stop(seeding, within=1)
    if seeding.returncode:
        raise LaunchError(
            "The demo data could not be made; the reason stands above. A new start goes on from there."
        )


def _start_program(settings: Settings, home: Home, family: Family, ending: Ending) -> dict[str, Child]:
    """The worker and the web server, answering. Returns them by name."""
    environment = homes.environment_of(settings)
    children: dict[str, Child] = {}
    for name, grace in (("worker", _WORKER_GRACE), ("web", _WEB_GRACE)):
        log = homes.open_log(home, name)
        children[name] = family.add(
            Child(name, log, _beginner(name, log, environment), grace=grace, tier="program"),
        )
    deadline = time.monotonic() + _READY_WITHIN
    while not _is_ready(settings):
        dead = family.find_dead()
        if dead or time.monotonic() > deadline:
            child = dead or children["web"]
            raise LaunchError(
                f"{child.name} did not start. The end of {child.log}:\n{processes.last_lines(child.log)}"
            )
        ending.wait(0.05)
        ending.check()
    return children


def _beginner(name: str, log: Path, environment: dict[str, str]) -> Callable[[], subprocess.Popen[bytes]]:
    return lambda: processes.start(_azora(name), log=log, environment=environment)


def _azora(command: str) -> list[str]:
    return [sys.executable, "-m", "azora_admin.cli", command]


def _is_ready(settings: Settings) -> bool:
    try:
        with urllib.request.urlopen(f"{_local_url(settings)}/readyz", timeout=5) as answer:  # noqa: S310  http
            return bool(answer.status == HTTPStatus.OK)
    except OSError:
        return False


def _local_url(settings: Settings) -> str:
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  read, not bound
    return f"http://{everywhere.get(settings.host, settings.host)}:{settings.port}"


def _write_run(settings: Settings, home: Home, children: dict[str, Child]) -> None:
    """Say in run.json how to reach what runs here."""
    homes.write_run(
        home,
        {
            "url": settings.public_url,
            "mode": settings.mode,
            "stripe_api_base": settings.stripe_api_base,
            "stripe_api_key": settings.stripe_api_key.get_secret_value(),
            "stripe_webhook_secret": settings.stripe_webhook_secret.get_secret_value(),
            "chain_rpc_url": None,
            "database_url": settings.database_url,
            "pids": {name: child.pid for name, child in children.items()},
        },
    )
