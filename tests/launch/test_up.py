"""``azora up``, the real thing: killed, ended, started again, and two of them side by side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from azora_admin.launch.port import any_free_port
from tests.eventually import eventually
from tests.launch.running import ROOT, Running, answers, azora_up, copy_home, environment, kill_all

pytestmark = pytest.mark.launch


@pytest.fixture(scope="module")
def spare_home(seeded_home: Path) -> Path:
    """A copy of it, made while nothing ran, for starts that end badly."""
    copy = seeded_home.parent / "spare"
    copy_home(seeded_home, copy)
    return copy


@pytest.fixture(scope="module")
def running(seeded_home: Path, spare_home: Path) -> Iterator[Running]:
    """A second start in the seeded home, for every test that leaves it running."""
    with azora_up(seeded_home) as started:
        yield started


def test_it_says_where_everything_is_and_keeps_the_data(running: Running) -> None:
    facts = running.facts()
    assert running.lines[-1] == f"ready {facts['url']}"
    assert any("admin@demo.azora.test" in line for line in running.lines)
    assert set(facts) >= {
        "url",
        "stripe_api_base",
        "stripe_api_key",
        "stripe_webhook_secret",
        "chain_rpc_url",
    }
    assert set(facts["pids"]) == {"web", "worker"}
    assert answers(f"{facts['url']}/readyz")
    with psycopg.connect(facts["database_url"]) as connection:
        row = connection.execute(
            "SELECT count(*) FROM person WHERE email LIKE '%@demo.azora.test'"
        ).fetchone()
    assert row == (6,)


def test_web_and_worker_killed_outright_are_back_with_new_pids(running: Running) -> None:
    before = running.facts()["pids"]
    leftovers = [child for name in before for child in psutil.Process(before[name]).children(recursive=True)]
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: set(running.facts()["pids"].values()).isdisjoint({*before.values(), None}), within=20)
    eventually(lambda: answers(f"{running.facts()['url']}/readyz"), within=30)
    assert [one for one in leftovers if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
    assert any(line.startswith("web ended (by SIGKILL)") for line in running.lines)


def test_postgres_killed_outright_is_back_and_the_site_with_it(running: Running) -> None:
    pid = int((running.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: any(line.startswith("postgres ended") for line in running.lines), within=10)
    eventually(lambda: answers(f"{running.facts()['url']}/readyz"), within=30)


def test_a_second_start_in_the_same_home_is_refused_in_a_sentence(running: Running) -> None:
    refused = _refused(running.home, any_free_port())
    assert f"is running in {running.home} already (process {running.process.pid})" in refused


def test_a_taken_port_is_told_in_a_sentence(running: Running, tmp_path: Path) -> None:
    refused = _refused(tmp_path / "home", running.port)
    assert f"Port {running.port} is taken by process" in refused
    assert "set AZORA_PORT" in refused


def test_two_run_side_by_side_and_one_ends_without_a_trace_or_the_other(
    running: Running, spare_home: Path
) -> None:
    with azora_up(spare_home) as other:
        assert other.facts()["url"] != running.facts()["url"]
        assert other.facts()["stripe_api_base"] != running.facts()["stripe_api_base"]
        family = other.family()
        assert len(family) > 8
        assert other.end(signal.SIGTERM) == 0
        assert [one for one in family if _is_alive(one)] == []
    assert not (spare_home / "run.json").exists()
    assert answers(f"{running.facts()['url']}/readyz")


def test_killed_outright_nothing_outlives_it_and_the_next_start_works(spare_home: Path) -> None:
    with azora_up(spare_home) as killed:
        family = killed.family()
        killed.process.kill()
        killed.process.wait()
        eventually(lambda: _nobody_of(family), within=30)
    with azora_up(spare_home) as again:
        assert again.end() == 0


def test_a_missing_setting_of_live_mode_is_told_in_a_sentence(tmp_path: Path) -> None:
    refused = _refused(tmp_path / "home", any_free_port(), AZORA_MODE="live")
    assert "AZORA_DATABASE_URL and STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET must be set" in refused


def test_a_live_key_is_refused_in_the_demo(tmp_path: Path) -> None:
    refused = _refused(tmp_path / "home", any_free_port(), STRIPE_API_KEY="sk_live_x")
    assert "STRIPE_API_KEY is a live key" in refused


def test_an_impossible_setting_is_told_in_a_sentence(tmp_path: Path) -> None:
    assert "AZORA_WEB_WORKERS is not usable" in _refused(
        tmp_path / "home", any_free_port(), AZORA_WEB_WORKERS="none"
    )


def test_it_can_be_interrupted_while_it_is_still_starting(spare_home: Path) -> None:
    starting = Running(spare_home, any_free_port())
    try:
        eventually(lambda: "starting Stripe's stand-in" in starting.lines, within=30)
        family = starting.family()
        assert starting.end(signal.SIGINT) == 0
        assert [one for one in family if _is_alive(one)] == []
    finally:
        kill_all(starting)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What is started from now on can be interrupted: in the background a shell has its programs ignore that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what another process catches")
def test_an_interrupt_of_the_parent_alone_ends_it_under_make(spare_home: Path, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(
        f"run:\n\t@exec {sys.executable} -m azora_admin.cli up --with-parent\n"
    )
    with azora_up(spare_home, command=["make", "-f", str(tmp_path / "Makefile"), "run"]) as made:
        family = made.family()
        made.process.send_signal(signal.SIGINT)
        made.process.wait(10)
        assert [one for one in family if _is_alive(one)] == []


def _refused(home: Path, port: int, **changed: str) -> str:
    """What a start says that can't be."""
    done = subprocess.run(
        [sys.executable, "-m", "azora_admin.cli", "up"],
        cwd=ROOT,
        env={**environment(home, port), **changed},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def _nobody_of(family: list[psutil.Process]) -> bool:
    """Whether all of them have ended; an AssertionError that names those who have not."""
    assert [f"{one.pid} {one.cmdline()[:6]}" for one in family if _is_alive(one)] == []
    return True


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
