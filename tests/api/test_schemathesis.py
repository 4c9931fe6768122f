"""Schemathesis, by the contract, with every check that it knows, against the served application: it finds nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from flask import Flask

from tests.api.callers import bearer
from tests.architecture.source import ROOT
from tests.selling import Shop
from tests.serving import served

# More of them, with another seed, is for an afternoon: docs/api.md says how.
_EXAMPLES: Final = "8"
_SEED: Final = "20260701"


def test_a_fuzzer_that_knows_the_contract_finds_nothing(app: Flask, shop: Shop) -> None:
    caller = shop.person("learner", "instructor")
    shop.sell(caller, shop.course())
    shop.course()
    with served(app) as address:
        done = _run(f"{address}/api/v1/openapi.json", bearer(app, caller))
    assert done.returncode == 0, done.stdout + done.stderr
    counted = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert counted, done.stdout
    assert int(counted[2]) > 200
    assert "Selected: 0/" not in done.stdout


def _run(contract: str, headers: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        *("run", contract, "--checks", "all", "--no-color", "--generation-database", "none"),
        *("--max-examples", _EXAMPLES, "--seed", _SEED, "--continue-on-failure"),
        *(f"--header={name}: {value}" for name, value in headers.items()),
    ]
    # From the root, where schemathesis.toml says what can't be known from the contract.
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
