"""Lays the browser libraries that ``package.json`` pins into ``static/vendor/``, after ``npm ci``.

Standard library only. The result is not in git; the wheel ships it. The icon sprite is built here from the
icons named below and our mark, so that a page carries the few icons it may use and no others.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MODULES: Final = ROOT / "node_modules"
TARGET: Final = ROOT / "static" / "vendor"

# The version in a font's name makes its address change with its content: the style sheet asks for it without ?v=.
COPIES: Final = (
    ("htmx.org/dist/htmx.min.js", "htmx.min.js"),
    ("htmx.org/LICENSE", "LICENSE-htmx.txt"),
    ("idiomorph/dist/idiomorph-ext.min.js", "idiomorph-ext.min.js"),
    ("idiomorph/LICENSE", "LICENSE-idiomorph.txt"),
    ("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", "inter-latin-5.3.0.woff2"),
    ("@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2", "inter-latin-ext-5.3.0.woff2"),
    ("@fontsource-variable/inter/LICENSE", "LICENSE-inter.txt"),
    ("lucide-static/LICENSE", "LICENSE-lucide.txt"),
    # For PDFs, which know no WOFF2.
    ("@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf", "fonts/Inter-Regular.ttf"),
    ("@expo-google-fonts/inter/500Medium/Inter_500Medium.ttf", "fonts/Inter-Medium.ttf"),
    ("@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf", "fonts/Inter-SemiBold.ttf"),
    ("@expo-google-fonts/inter/LICENSE_FONT", "fonts/LICENSE.txt"),
)
ICONS: Final = (
    "book-open braces calendar check chevron-down chevron-right chevrons-up-down circle-alert "
    "circle-check circle-question-mark clock cog copy credit-card download eye filter fingerprint "
    "flask-conical gavel graduation-cap house info key-round landmark layout-dashboard lock log-out mail menu "
    "monitor moon plus printer receipt refresh-cw scale scroll-text search shield-check smartphone sun "
    "terminal undo-2 user user-check users wallet webhook x"
).split()


class VendorError(Exception):
    """Something that ``npm ci`` should have laid down is missing or of another version."""


def main() -> int:
    """Build ``static/vendor/``. Returns the exit status."""
    try:
        check_versions()
        TARGET.mkdir(parents=True, exist_ok=True)
        for source, name in COPIES:
            (TARGET / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(found(source), TARGET / name)
        (TARGET / "icons.svg").write_text(sprite(), encoding="utf-8")
    except VendorError as error:
        print(f"static/vendor: {error}", file=sys.stderr)
        return 1
    print(f"static/vendor: {len(COPIES)} files and a sprite of {len(ICONS)} icons")
    return 0


def check_versions() -> None:
    """Raise VendorError unless each package is installed in exactly the version that is pinned."""
    pinned = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    for package, version in pinned.items():
        installed = json.loads(found(f"{package}/package.json").read_text(encoding="utf-8"))["version"]
        if installed != version:
            raise VendorError(f"{package} is {installed}, package.json pins {version}; run npm ci")


def found(name: str) -> Path:
    """The file ``name`` under node_modules. Raises VendorError when it isn't there."""
    path = MODULES / name
    if not path.is_file():
        raise VendorError(f"{name} is missing; run npm ci")
    return path


def sprite() -> str:
    """One SVG of symbols: the mark and every icon of ``ICONS``."""
    mark = inner((ROOT / "static" / "img" / "mark.svg").read_text(encoding="utf-8"))
    symbols = [f'<symbol id="mark" viewBox="0 0 28 28">{mark}</symbol>']
    for name in ICONS:
        drawing = inner(found(f"lucide-static/icons/{name}.svg").read_text(encoding="utf-8"))
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{drawing}</symbol>')
    note = "<!-- Icons: Lucide, ISC licence, see LICENSE-lucide.txt -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">{note}{"".join(symbols)}</svg>\n'


def inner(svg: str) -> str:
    """What stands between the tags of an ``<svg>``, on one line."""
    body = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)
    if body is None:
        raise VendorError("an icon is not an SVG")
    return re.sub(r"\s+", " ", body[1]).replace(" />", "/>").replace("> <", "><").strip()


if __name__ == "__main__":
    sys.exit(main())
