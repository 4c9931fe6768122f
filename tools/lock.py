"""Which packages of ``requirements.lock`` a purpose needs.

There is one lock for everything, so that all purposes agree on versions; running the demo needs neither a browser
driver nor a type checker. The lock says under each package who wanted it ("# via"), which is the graph we walk.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

_PIN: Final = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==(\S+)")


def subset(lock: str, wanted: list[str]) -> str:
    """The part of the text of a lock that ``wanted`` packages need, themselves included.

    Raises KeyError when one of them is not in the lock.
    """
    blocks, parents = _read(lock)
    needed: set[str] = set()
    open_ends = [normalized(name) for name in wanted]
    while open_ends:
        name = open_ends.pop()
        if name in needed:
            continue
        needed.add(name)
        open_ends += [child for child, wanted_by in parents.items() if name in wanted_by]
    return "".join(blocks[name] for name in sorted(needed))


def purposes(pyproject: Path, extras: list[str]) -> list[str]:
    """The packages that pyproject.toml names: its dependencies and those of ``extras``."""
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    named = list(project["dependencies"])
    for extra in extras:
        named += project["optional-dependencies"][extra]
    return [re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0] for requirement in named]


def count(lock: str) -> int:
    """How many packages a lock names."""
    return sum(1 for line in lock.splitlines() if _PIN.match(line))


def normalized(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _read(lock: str) -> tuple[dict[str, str], dict[str, set[str]]]:
    """The lines of each package, and who wanted it."""
    blocks: dict[str, str] = {}
    parents: dict[str, set[str]] = {}
    name = ""
    for line in lock.splitlines(keepends=True):
        pin = _PIN.match(line)
        if pin:
            name = normalized(pin.group(1))
            # A package may stand there twice, for different Pythons.
            blocks.setdefault(name, "")
            parents.setdefault(name, set())
        if not name:
            continue
        blocks[name] += line
        wanted_by = re.match(r"\s+#\s+(?:via\s+)?(\S+)\s*$", line)
        if wanted_by and wanted_by.group(1) != "via":
            parents[name].add(normalized(wanted_by.group(1)))
    return blocks, parents
