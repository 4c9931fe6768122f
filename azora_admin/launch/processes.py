"""Child processes that can't outlive us: own process group, signalled by the kernel when the parent dies.

Start children from the main thread only: the kernel ties them to the life of the thread that forked them.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SET_PARENT_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of prctl(2)
# Loaded before any fork: between fork and exec nothing may be imported.
_libc: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class SystemUser:
    """Whom a child runs as, when that is not us."""

    uid: int
    gid: int


def die_with_parent(signal_number: int) -> None:
    """Ask the kernel to send ``signal_number`` to this process when its parent dies (Linux; elsewhere nothing)."""
    if _libc is not None:
        _libc.prctl(_SET_PARENT_DEATH_SIGNAL, signal_number, 0, 0, 0)


def start(
    command: Sequence[str],
    *,
    log: Path | None,
    environment: Mapping[str, str] | None = None,
    parting_signal: int = signal.SIGTERM,
    user: SystemUser | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a process group of its own, with its output appended to ``log`` (None: it shares ours).

    ``parting_signal`` reaches it when this process dies, however that happens.
    """
    parent = os.getpid()

    def tie() -> None:
        # After the change of user, which would untie it.
        die_with_parent(parting_signal)
        if os.getppid() != parent:
            os._exit(1)

    with ExitStack() as opened:
        output = opened.enter_context(log.open("ab")) if log else None
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if log else None,
            env=environment,
            preexec_fn=tie,  # noqa: PLW1509  started from the main thread only
            start_new_session=True,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether ``process`` has ended. When it has, what is left of its group is killed before the pid is given back."""
    if process.returncode is not None:
        return True
    if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        return False
    signal_group(process, signal.SIGKILL)
    process.wait()
    return True


def signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to ``process`` and everything it started. A group that is gone is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def stop(process: subprocess.Popen[bytes], *, number: int = signal.SIGTERM, within: float) -> bool:
    """Ask ``process`` to end, wait ``within`` seconds, then kill its whole group. True when it ended by itself."""
    ask_to_end(process, number)
    return wait_for_end(process, within=within)


def ask_to_end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> None:
    """Send ``process`` the signal to end, unless it has ended; waits for nothing."""
    if not has_ended(process):
        process.send_signal(number)


def wait_for_end(process: subprocess.Popen[bytes], *, within: float) -> bool:
    """Wait ``within`` seconds for an end that was asked for, then kill the group. True when it ended by itself."""
    deadline = time.monotonic() + within
    while not has_ended(process):
        if time.monotonic() > deadline:
            signal_group(process, signal.SIGKILL)
            process.wait()
            return False
        time.sleep(0.02)
    return True


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for an error message."""
    with suppress(FileNotFoundError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
    return ""
