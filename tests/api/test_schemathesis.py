"""Schemathesis, by the contract, with every check that it knows, against the served application: it finds nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flask import Flask

from tests.api.callers import bearer
from tests.architecture.source import ROOT
from tests.selling import Shop
from tests.serving import served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# More of them, with another seed, is for an afternoon: docs/api.md says how.
_EXAMPLES: Final = "8"
_SEED: Final = "20260701"


def test_a_fuzzer_that_knows_the_contract_finds_nothing(app: Flask, shop: Shop) -> None:
    caller = shop.person("learner", "instructor")
    shop.sell(caller, shop.course())
    shop.course()
    app.wsgi_app = _from_everywhere(app.wsgi_app)  # type: ignore[assignment,method-assign]
    with served(app) as address:
        done = _run(f"{address}/api/v1/openapi.json", bearer(app, caller))
    assert done.returncode == 0, done.stdout + done.stderr
    counted = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert counted, done.stdout
    assert int(counted[2]) > 200
    assert "Selected: 0/" not in done.stdout


def _from_everywhere(inner: WSGIApplication) -> WSGIApplication:
    """``inner``, each of whose requests comes from another address: what is to be seen is not the limits."""
    addresses = map(str, IPv4Network("10.0.0.0/8").hosts())

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return inner({**environ, "REMOTE_ADDR": next(addresses)}, start_response)

    return application


def _run(contract: str, headers: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).parent / "schemathesis"),
        *("run", contract, "--checks", "all", "--no-color", "--generation-database", "none"),
        *("--max-examples", _EXAMPLES, "--seed", _SEED, "--continue-on-failure"),
        *(f"--header={name}: {value}" for name, value in headers.items()),
    ]
    # From the root, where schemathesis.toml says what can't be known from the contract.
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
