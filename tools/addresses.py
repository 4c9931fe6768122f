"""No kept file names a package registry's host or a path of one machine: both are the business of whoever installs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.kept import ROOT, kept_files

# Put together here, so that this file does not find itself.
_FORBIDDEN: Final = {
    "a registry's host": re.compile(
        "|".join(
            ("registry" + r"\.npmjs", "pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.yarnpkg")
        )
    ),
    "a registry's address": re.compile(
        '"resol' + r'ved": *"|^--(extra-)?index' + "-url|^--find" + "-links", re.MULTILINE
    ),
    "a path of one machine": re.compile(
        r"(?<![\w./])/(?:"
        + "|".join(("ro" + "ot", "wo" + "rk", "ho" + r"me/\w+", "Us" + r"ers/\w+"))
        + r")/[\w.-]"
    ),
}


def main() -> int:
    """Say every place. Returns 1 when there is one."""
    found = [place for path in kept_files() for place in forbidden(path)]
    print("\n".join(found))
    return 1 if found else 0


def forbidden(path: Path) -> Iterator[str]:
    """The forbidden addresses in one file; bytes that are no text have none."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for line, what in matches(text):
        yield f"{path.relative_to(ROOT)}:{line}: {what}"


def matches(text: str) -> Iterator[tuple[int, str]]:
    """Line and description of every forbidden address in ``text``."""
    for what, pattern in _FORBIDDEN.items():
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, f"{what}: {match[0]}"


if __name__ == "__main__":
    sys.exit(main())
