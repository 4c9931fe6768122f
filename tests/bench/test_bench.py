"""The harness works from end to end, and no request sends the database more than it has to. Speed is not asserted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.__main__ import main

Cases = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    """The cases of one quick run, by name."""
    before = set(psutil.Process().children(recursive=True))
    results = tmp_path_factory.mktemp("bench") / "latest.json"
    assert main(["--quick", "--results", str(results)]) == 0
    assert set(psutil.Process().children(recursive=True)) <= before
    return {case["name"]: case for case in json.loads(Path(results).read_text())["cases"]}


pytestmark = pytest.mark.launch


def test_every_case_is_measured_on_both_sides(cases: Cases) -> None:
    assert list(cases) == [
        "webhook receipt",
        "courses, first page",
        "courses, page 125",
        "one payment by id",
        "one payment, API key",
        "posting, spread",
        "posting, hot",
        "posting, hot to spread",
        "posting, one instructor",
    ]
    for case in cases.values():
        for side in (case["compared"]["a"], case["compared"]["b"]):
            assert side["rate"] > 0
            assert 0 < side["p50"] <= side["p99"]
            assert side["cpu"] >= 0


def test_the_verdict_is_the_ratio_against_the_goal(cases: Cases) -> None:
    for case in cases.values():
        assert case["compared"]["ratio"] > 0
        assert case["is_met"] == (case["goal"] is None or case["compared"]["ratio"] >= case["goal"])


@pytest.mark.parametrize(
    "name", ["webhook receipt", "courses, first page", "courses, page 125", "one payment by id"]
)
def test_a_request_is_one_statement_without_begin_and_commit(cases: Cases, name: str) -> None:
    assert len(cases[name]["statements"]) == 1, cases[name]["statements"]


def test_a_key_is_looked_up_at_each_call_and_its_use_not_noted_at_each(cases: Cases) -> None:
    look_up, read = cases["one payment, API key"]["statements"]
    assert "FROM api_key JOIN person" in look_up
    assert "FROM payment" in read


def test_a_posting_is_one_statement_in_its_transaction(cases: Cases) -> None:
    begin, statement, commit = cases["posting, spread"]["statements"]
    assert (begin, commit) == ("BEGIN", "COMMIT")
    assert statement.startswith("SELECT ledger_post(")
