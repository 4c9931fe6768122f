"""The program as text and syntax trees, for the laws that no linter knows."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = ROOT / "azora_admin"


@dataclass(frozen=True)
class Source:
    """One Python file; ``name`` is its path from the root of the repository."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    def nodes(self) -> Iterator[ast.AST]:
        yield from ast.walk(self.tree)

    def place(self, node: ast.AST) -> str:
        """Where a node stands, for a message."""
        return f"{self.name}:{getattr(node, 'lineno', 1)}"


def program() -> list[Source]:
    """Every file of the package."""
    return [Source(path) for path in sorted(PACKAGE.rglob("*.py"))]


def everything() -> list[Source]:
    """Every Python file that we keep: the package, the tools, the tests, the migrations, the benchmarks."""
    folders = [PACKAGE, *(ROOT / name for name in ("tools", "tests", "migrations", "bench"))]
    paths = [path for folder in folders for path in sorted(folder.rglob("*.py"))]
    return [Source(path) for path in [*paths, ROOT / "wsgi.py"]]


def calls(source: Source, name: str) -> Iterator[ast.Call]:
    """Calls of ``name``, however it is reached: ``commit(…)``, ``session.commit(…)``."""
    for node in source.nodes():
        if isinstance(node, ast.Call):
            called = node.func
            reached = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", None)
            if reached == name:
                yield node
