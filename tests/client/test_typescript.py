"""A TypeScript client made of the contract compiles under strict, and buys a course from the running application."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from azora_admin.core.ids import new_id
from azora_admin.sandbox.phone import PUBLISHABLE_KEY
from tests.client.conftest import node, program

pytestmark = pytest.mark.launch


def test_the_client_compiles_under_strict_and_what_the_contract_does_not_say_does_not(workshop: Path) -> None:
    done = node(workshop, program("tsc"), "--project", "tsconfig.json", "--noEmit")
    assert done.stdout == ""


def test_the_client_buys_a_course(workshop: Path, facts: dict[str, Any]) -> None:
    done = node(workshop, program("tsc"), "--project", "tsconfig.json", "--noCheck")
    assert done.returncode == 0, done.stdout
    email = f"lena-{new_id().hex}@example.com"
    told = node(workshop, "built/buyer.js", facts["url"], facts["stripe_api_base"], PUBLISHABLE_KEY, email)
    assert told.returncode == 0, told.stderr
    seen = json.loads(told.stdout)
    assert seen["price"] == seen["amount"] > 0
    assert (seen["isSameAgain"], seen["replayed"]) == (True, "true")
    assert (seen["payment"], seen["reasons"]) == ("completed", ["purchase"])
    assert seen["refusal"] == "already_purchased"
