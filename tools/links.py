"""Dead links of the documents: every relative link leads to a file, and every #anchor to a heading of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from tools.kept import kept_files

_LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_CODE: Final = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)


def main() -> int:
    """Say every dead link. Returns 1 when there is one."""
    documents = [path for path in kept_files() if path.suffix == ".md"]
    dead = [f"{path.parent.name}/{link}" for path in documents for link in dead_links(path)]
    print("\n".join(dead))
    return 1 if dead else 0


def dead_links(document: Path) -> Iterator[str]:
    """The links of ``document`` that lead nowhere, each with the reason."""
    text = _CODE.sub("", document.read_text(encoding="utf-8"))
    for match in _LINK.finditer(text):
        link = match[1] or match[2]
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists():
            yield f"{document.name}: {link} is not there"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
            yield f"{document.name}: {link}: no such heading"


def anchors(text: str) -> set[str]:
    """The anchors that a document's headings make."""
    headings = re.findall(
        r"^#{1,6} +(.+?) *#*$", _CODE.sub(lambda code: code[0].strip("`"), text), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


if __name__ == "__main__":
    sys.exit(main())
