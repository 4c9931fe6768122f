"""The home folder: what one installation keeps beside its database, and what it says about itself while it runs."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from azora_admin.core.config import Settings, environment_name, plain
from azora_admin.launch.problem import LaunchError

_OWNER_ONLY: Final = 0o600
_LARGEST_LOG: Final = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Home:
    """Names of what is in the home; ``folder`` is absolute."""

    folder: Path

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def stripe(self) -> Path:
        return self.folder / "stripe"

    @property
    def run_file(self) -> Path:
        return self.folder / "run.json"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"


def open_home(settings: Settings) -> Home:
    """The home of ``settings``, made when it is new. Raises LaunchError when it can't be written."""
    home = Home(settings.home.expanduser().absolute())
    try:
        for folder in (home.folder, home.folder / "logs", home.stripe):
            folder.mkdir(parents=True, exist_ok=True)
        (home.folder / "keys").mkdir(mode=0o700, exist_ok=True)
        probe = home.folder / f".writable-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise LaunchError(
            f"The home {home.folder} can't be written ({error.strerror}). Set AZORA_HOME to a folder of yours."
        ) from None
    return home


@contextmanager
def held(home: Home) -> Iterator[None]:
    """Hold the home for the time of the block. Raises LaunchError when another start has it."""
    with (home.folder / ".lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise LaunchError(
                f"Azora admin is running in {home.folder} already (process {file.read().strip() or 'unknown'}). "
                "Stop that one, or set AZORA_HOME and AZORA_PORT to start a second beside it."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def is_held(home: Home) -> bool:
    """Whether a start has the home now."""
    try:
        with (home.folder / ".lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def kept_secret(home: Home, name: str, prefix: str = "") -> str:
    """The secret called ``name``, made at random when it is asked for the first time."""
    known = find_secret(home, name)
    if known:
        return known
    made = prefix + secrets.token_urlsafe(36)
    keep_secret(home, name, made)
    return made


def find_secret(home: Home, name: str) -> str | None:
    """The secret called ``name``, or None."""
    file = home.folder / "keys" / name
    return file.read_text(encoding="ascii") if file.is_file() else None


def keep_secret(home: Home, name: str, value: str) -> None:
    """Keep ``value`` for the next start, readable by the owner alone."""
    _write(home.folder / "keys" / name, value)


def write_run(home: Home, facts: Mapping[str, Any]) -> None:
    """Say how to reach what runs here. Whole or not at all: readers never see half a file."""
    _write(home.run_file, json.dumps(facts, indent=2) + "\n")


def read_run(home: Home) -> Mapping[str, Any]:
    """What ``write_run`` said; empty when nothing runs here. A start that was killed outright leaves its file."""
    if not is_held(home):
        return {}
    try:
        facts: Mapping[str, Any] = json.loads(home.run_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return facts


def open_log(home: Home, name: str) -> Path:
    """The log called ``name``. One that has grown large is put aside first."""
    log = home.log(name)
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))
    return log


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment in which a child reads exactly ``settings``."""
    environment = dict(os.environ)
    for field in type(settings).model_fields:
        environment[environment_name(field)] = plain(getattr(settings, field))
    return environment


def completed(settings: Settings) -> Settings:
    """``settings`` with what a start has made known in the home: the database, the keys, the stand-in.

    For commands beside a running demo, which find it without being told. What is set already stays.
    """
    home = Home(settings.home.expanduser().absolute())
    running = read_run(home)
    found: dict[str, Any] = {"home": home.folder}
    if not settings.database_url:
        found["database_url"] = running.get("database_url") or ""
        found["mode"] = running.get("mode") or settings.mode
        found["base_url"] = settings.base_url or running.get("url") or ""
    if not settings.secret_key.get_secret_value():
        found["secret_key"] = SecretStr(find_secret(home, "secret_key") or "")
    if not settings.stripe_api_key.get_secret_value() and not settings.stripe_api_base:
        found["stripe_api_key"] = SecretStr(running.get("stripe_api_key") or "")
        found["stripe_api_base"] = running.get("stripe_api_base") or ""
        found["stripe_webhook_secret"] = SecretStr(running.get("stripe_webhook_secret") or "")
    return settings.model_copy(update=found)


def _write(file: Path, content: str) -> None:
    beside = file.with_name(f".{file.name}-{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY), "w") as half:
        half.write(content)
        half.flush()
        os.fsync(half.fileno())
    beside.replace(file)
