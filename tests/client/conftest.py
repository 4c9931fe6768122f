"""The running application, and a folder with the types that openapi-typescript makes of its contract."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.source import ROOT
from tests.launch.running import azora_up

HERE = Path(__file__).parent
SOURCES = ("buyer.ts", "wrong.ts", "tsconfig.json")


@pytest.fixture(scope="module")
def facts(seeded_home: Path) -> Iterator[dict[str, Any]]:
    """Where the running application and its Stripe are."""
    with azora_up(seeded_home) as running:
        yield running.facts()


@pytest.fixture(scope="module")
def workshop(facts: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client's sources, our packages, and the types of the contract that the application serves."""
    folder = tmp_path_factory.mktemp("client")
    for name in SOURCES:
        shutil.copy(HERE / name, folder / name)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    with urllib.request.urlopen(f"{facts['url']}/api/v1/openapi.json", timeout=10) as answer:
        (folder / "openapi.json").write_bytes(answer.read())
    made = node(folder, program("openapi-typescript"), "openapi.json", "--output", "contract.d.ts")
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


def node(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program in ``folder``, by the machine's Node or the one in our environment."""
    found = shutil.which("node") or str(Path(sys.executable).parent / "node")
    return subprocess.run(
        [found, *command], cwd=folder, capture_output=True, text=True, timeout=180, check=False
    )


def program(name: str) -> str:
    """The path of a program that npm laid down."""
    return str((ROOT / "node_modules" / ".bin" / name).resolve())
