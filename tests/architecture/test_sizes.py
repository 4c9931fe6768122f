"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

import ast
from typing import Final

from tests.architecture.source import everything

LONGEST_FILE: Final = 350
LONGEST_FUNCTION: Final = 60


def test_no_file_is_longer_than_350_lines() -> None:
    sizes = {source.name: len(source.text.splitlines()) for source in everything()}
    assert {name: lines for name, lines in sizes.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    found = {
        f"{source.place(node)} {node.name}": node.end_lineno - node.lineno + 1
        for source in everything()
        for node in source.nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }
    assert {name: lines for name, lines in found.items() if lines > LONGEST_FUNCTION} == {}
