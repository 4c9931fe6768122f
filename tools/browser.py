"""The browser of the tests: found, or installed, or the error says what to do. Never left out in silence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

# Chromium without the windows and profiles of a desktop comes first: a new context costs it a quarter of the time.
SHELL: Final = "chromium-headless-shell"
NAMES: Final = (SHELL, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class BrowserError(Exception):
    """There is no browser and we can't get one; the message says what to do."""


def find_chromium() -> Path | None:
    """A Chromium that starts: ``AZORA_CHROMIUM``, on the PATH, or the one that Playwright keeps."""
    return next((place for place in _candidates() if _starts(place)), None)


def ensure_chromium() -> Path:
    """A Chromium that starts, installed if need be. Raises BrowserError with what to do."""
    found = find_chromium()
    if found:
        return found
    for command in _ways_to_install():
        print("no Chromium here; installing it: " + " ".join(command), flush=True)
        subprocess.call(command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
        found = find_chromium()
        if found:
            return found
    raise BrowserError(
        "The browser tests need Chromium, and it could not be installed. Install it by hand "
        "(apt-get install chromium, or .venv/bin/playwright install --with-deps chromium), "
        "or set AZORA_CHROMIUM to the path of a Chromium or Chrome."
    )


def _candidates() -> Iterator[Path]:
    named = os.environ.get("AZORA_CHROMIUM")
    if named:
        yield Path(named)
    for name in NAMES:
        path = shutil.which(name)
        if path:
            yield Path(path)
    kept = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or str(Path.home() / ".cache" / "ms-playwright")
    yield from sorted(Path(kept).glob("chromium_headless_shell-*/*/*headless*shell"), reverse=True)
    yield from sorted(Path(kept).glob("chromium-*/chrome-linux*/chrome"), reverse=True)
    yield from sorted(Path(kept).glob("chromium-*/chrome-mac*/*/Contents/MacOS/*"), reverse=True)
    yield Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def _starts(place: Path) -> bool:
    """Whether the program runs: some distributions ship a name that only says where to get it."""
    try:
        answer = subprocess.run([str(place), "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0


def _ways_to_install() -> Iterator[list[str]]:
    as_root = os.geteuid() == 0
    if as_root and shutil.which("apt-get"):
        yield _from_debian(SHELL)
        yield _from_debian("chromium")
    playwright = [sys.executable, "-m", "playwright", "install"]
    yield [*playwright, "--with-deps", "chromium"] if as_root else [*playwright, "chromium"]


def _from_debian(package: str) -> list[str]:
    packages = f"{package} fonts-liberation"
    return ["sh", "-c", f"apt-get update && apt-get install -y --no-install-recommends {packages}"]


def _prefer_shell() -> None:
    """Get the quicker browser where that is one package away. Whatever is here already will do without it."""
    is_chosen = bool(os.environ.get("AZORA_CHROMIUM") or shutil.which(SHELL))
    if is_chosen or os.geteuid() or not shutil.which("apt-get"):
        return
    print(f"prepare: {SHELL} is quicker than the browser here; asking Debian for it", flush=True)
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(
            _from_debian(SHELL),
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.DEVNULL,
            timeout=180,
            check=False,
        )


def main() -> int:
    """Make sure that there is a browser. Returns the exit status."""
    try:
        _prefer_shell()
        print(f"prepare: the browser tests use {ensure_chromium()}")
    except BrowserError as error:
        print(f"\nNot ready: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
