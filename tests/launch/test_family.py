"""Who dies is started again: at once when it was well, ever later when it keeps dying young."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from azora_admin.launch import processes
from azora_admin.launch.family import Child
from tests.eventually import eventually


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    """One that does nothing for a minute."""
    log = tmp_path / "child.log"
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    one = Child("child", log, lambda: processes.start(sleep, log=log))
    yield one
    one.end()


def pause_after_a_life_of(child: Child, seconds: float) -> float:
    """Let ``child`` live so long and be killed. How long its next start is put off, in seconds."""
    child.start()
    child.started_at -= seconds
    assert isinstance(child.process, subprocess.Popen)
    child.process.kill()
    eventually(child.has_died, within=10)
    child.bury()
    return child.due_at - time.monotonic()


def test_who_dies_young_again_and_again_is_started_ever_later_but_never_later_than_five_seconds(
    child: Child,
) -> None:
    pauses = [pause_after_a_life_of(child, 0) for _ in range(7)]
    assert pauses == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0], abs=0.15)


def test_who_was_well_is_started_at_once_however_often_it_is_killed(child: Child) -> None:
    assert [pause_after_a_life_of(child, 6) for _ in range(7)] == pytest.approx([0.2] * 7, abs=0.15)
