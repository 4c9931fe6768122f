"""A whole ``azora up`` of its own, on a free port and in a home of its own, as a person would start it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from azora_admin.launch.port import any_free_port
from tests.eventually import eventually

ROOT = Path(__file__).resolve().parents[2]


class Running:
    """One start. ``lines`` are what it has printed so far."""

    def __init__(self, home: Path, port: int, command: list[str] | None = None) -> None:
        self.home = home
        self.port = port
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            command or [sys.executable, "-m", "azora_admin.cli", "up"],
            cwd=ROOT,
            env=environment(home, port),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def wait_until_ready(self) -> None:
        """Until the ready line is printed."""
        eventually(self._is_ready, within=120)

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            self._reader.join(5)
            raise RuntimeError("it ended instead:\n" + "\n".join(self.lines))
        return any(line.startswith("ready ") for line in self.lines)

    def facts(self) -> dict[str, Any]:
        """What run.json says."""
        found: dict[str, Any] = json.loads((self.home / "run.json").read_text())
        return found

    def family(self) -> list[psutil.Process]:
        """The supervisor and everything below it, now."""
        head = psutil.Process(self.process.pid)
        return [head, *head.children(recursive=True)]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and its exit status. Raises when that takes more than the ten seconds promised."""
        self.process.send_signal(number)
        status = self.process.wait(10)
        self.close()
        return status

    def close(self) -> None:
        """Read what is left of its output. It has ended by now."""
        self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()


def environment(home: Path, port: int) -> dict[str, str]:
    """Ours, without what would point it anywhere else."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AZORA_", "STRIPE_", "MAKE"))
    }
    return {
        **kept,
        "AZORA_MODE": "demo",
        "AZORA_HOME": str(home),
        "AZORA_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }


@contextmanager
def azora_up(home: Path, port: int | None = None, command: list[str] | None = None) -> Iterator[Running]:
    """A start that is ready, for the time of the block; whatever is left of it is killed at the end."""
    running = Running(home, port or any_free_port(), command)
    try:
        running.wait_until_ready()
        yield running
    finally:
        kill_all(running)


def copy_home(home: Path, copy: Path) -> None:
    """A copy of a home in which nothing runs, with its owners."""
    subprocess.run(["cp", "-a", str(home), str(copy)], check=True)


def kill_all(running: Running) -> None:
    """End it without ado, by the pids that we know."""
    if running.process.poll() is None:
        members = running.family()
        running.process.kill()
        running.process.wait()
        for member in members[1:]:
            if member.is_running():
                member.kill()
    running.close()


def answers(url: str) -> bool:
    """Whether a GET of ``url`` gives 200 now."""
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
