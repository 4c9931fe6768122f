"""When to end: a signal, or the parent that we were tied to is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType

from azora_admin.launch.processes import die_with_parent


class Ended(Exception):
    """The end was wanted before everything stood."""


class Ending:
    """Notes SIGINT and SIGTERM from now on. Make it in the main thread, before anything is started."""

    def __init__(self) -> None:
        self._wanted = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def wait(self, seconds: float) -> bool:
        """Wait that long or until the end is wanted; whether it is."""
        return self._wanted.wait(seconds)

    def check(self) -> None:
        """Raise Ended when the end is wanted."""
        if self._wanted.is_set():
            raise Ended

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._wanted.set()


class EndingWithParent(Ending):
    """The same, and ends when the parent dies or was interrupted. For ``make run``.

    make hands SIGTERM on to its recipe, but keeps SIGINT to itself when only make was sent it: it gives up its own
    handler and waits for us. That is what is looked for here, so that ``kill -INT`` of make ends everything, too.
    """

    def __init__(self) -> None:
        super().__init__()
        self._parent = os.getppid()
        self._caught_interrupts = _catches_interrupts(self._parent)
        die_with_parent(signal.SIGTERM)

    def wait(self, seconds: float) -> bool:
        ended = super().wait(seconds)
        if os.getppid() != self._parent or (
            self._caught_interrupts and not _catches_interrupts(self._parent)
        ):
            self._wanted.set()
            return True
        return ended


def _catches_interrupts(pid: int) -> bool:
    """Whether process ``pid`` has a handler for SIGINT, as far as the kernel tells (Linux)."""
    if sys.platform != "linux":
        return False
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) & 1 << signal.SIGINT - 1)
    return False
