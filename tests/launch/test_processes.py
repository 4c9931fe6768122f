"""Children that can't outlive us."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from azora_admin.launch import processes
from tests.eventually import eventually

_PARENT = """
import sys, time
from pathlib import Path
from azora_admin.launch import processes

child = processes.start([sys.executable, "-c", "import time; time.sleep(600)"], log=Path(sys.argv[1]))
print(child.pid, flush=True)
time.sleep(600)
"""
_DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
time.sleep(600)
"""
_PARENT_OF_ONE = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("up", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_a_child_ends_when_its_parent_is_killed_outright(tmp_path: Path) -> None:
    log = tmp_path / "log"
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(log)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_what_a_dead_child_leaves_behind_is_killed(tmp_path: Path) -> None:
    child = processes.start([sys.executable, "-c", _PARENT_OF_ONE], log=tmp_path / "log")
    eventually(lambda: "up" in (tmp_path / "log").read_text())
    (grandchild,) = psutil.Process(child.pid).children()
    child.send_signal(signal.SIGKILL)
    eventually(lambda: processes.has_ended(child))
    assert eventually(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def test_a_child_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path) -> None:
    child = processes.start([sys.executable, "-c", _DEAF], log=tmp_path / "log")
    eventually(lambda: "up" in (tmp_path / "log").read_text())
    assert processes.stop(child, within=0.2) is False
    assert child.returncode == -signal.SIGKILL
