"""The children of a start: told apart by name, started again when they die, ended in order."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from azora_admin.launch import processes

_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
# Who lived this long was well, and was killed rather than broken: the next death starts counting anew.
_WELL_AFTER: Final = 5.0


@dataclass
class Child:
    """One process that is to run. ``begin`` starts it; ``stop_signal`` and ``grace`` (seconds) are how it ends.

    Neighbours of one ``tier`` don't need each other: they end at the same time.
    """

    name: str
    log: Path
    begin: Callable[[], subprocess.Popen[bytes]]
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 3.0
    tier: str = ""
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    due_at: float = field(default=0.0)
    is_ending: bool = False

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def start(self) -> None:
        self.process = self.begin()
        self.started_at = time.monotonic()

    def has_died(self) -> bool:
        """Whether it has ended since it was started; what was left of it is gone then, too."""
        return self.process is not None and processes.has_ended(self.process)

    def bury(self) -> str:
        """Note the death, set the time of the next start, and say what happened."""
        assert self.process is not None
        status, self.process = self.process.returncode, None
        if time.monotonic() - self.started_at > _WELL_AFTER:
            self.deaths = 0
        pause = min(_FIRST_PAUSE * 2**self.deaths, _LONGEST_PAUSE)
        self.deaths += 1
        self.due_at = time.monotonic() + pause
        return f"{self.name} ended ({_reason(status)}); starting it again in {pause:g} s. Its log: {self.log}"

    def is_due(self) -> bool:
        return self.process is None and time.monotonic() >= self.due_at

    def ask_to_end(self) -> None:
        """Send it the signal to end, once; waits for nothing."""
        if self.process is not None and not self.is_ending:
            processes.ask_to_end(self.process, self.stop_signal)
            self.is_ending = True

    def end(self) -> bool:
        """End it. False when it had to be killed."""
        self.ask_to_end()
        if self.process is None:
            return True
        process, self.process = self.process, None
        ended = processes.wait_for_end(process, within=self.grace)
        processes.signal_group(process, signal.SIGKILL)
        return ended


class Family:
    """The children in the order of their start; they end in the opposite order."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._children: list[Child] = []
        self._say = say

    def add(self, child: Child) -> Child:
        """Start ``child`` and look after it from now on."""
        self._children.append(child)
        child.start()
        return child

    def look_after(self) -> bool:
        """Start again who has died. Says whether anybody's process is another one now."""
        changed = False
        for child in self._children:
            if child.has_died():
                self._say(child.bury())
            if child.is_due():
                child.start()
                changed = True
        return changed

    def find_dead(self) -> Child | None:
        """A child that has ended, for a start in which nobody may end."""
        return next((child for child in self._children if child.has_died()), None)

    def stop(self) -> None:
        """End everybody, the youngest first, and those of one tier together."""
        while self._children:
            child = self._children.pop()
            child.ask_to_end()
            for neighbour in self._children:
                if child.tier and neighbour.tier == child.tier:
                    neighbour.ask_to_end()
            if not child.end():
                self._say(f"{child.name} did not end within {child.grace:g} s and was killed.")


def _reason(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    return f"by {signal.Signals(-status).name}"
