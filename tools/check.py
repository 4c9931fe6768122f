"""``make check``: format, lint, types, import contracts, links and addresses; side by side, one line each."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
TYPED: Final = ("azora_admin", "tools", "tests", "bench", "migrations/env.py", "wsgi.py")
CHECKS: Final = {
    "format": ("ruff", "format", "--check", "--quiet", "--diff", "."),
    "lint": ("ruff", "check", "--quiet", "."),
    "types": ("mypy", "--strict", *TYPED),
    "imports": ("lint-imports",),
    "links": ("python", "-m", "tools.links"),
    "addresses": ("python", "-m", "tools.addresses"),
}


def main() -> int:
    """Run every check. Returns 1 when one of them found something."""
    began_at = time.monotonic()
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        results = list(pool.map(run, CHECKS))
    print(f"{sum(results)} of {len(CHECKS)} checks passed in {time.monotonic() - began_at:.1f} s")
    return 0 if all(results) else 1


def run(name: str) -> bool:
    """Run one check and say how it went; what it found is shown whole."""
    program, *arguments = CHECKS[name]
    began_at = time.monotonic()
    command = [str(Path(sys.executable).parent / program), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    state = "ok" if done.returncode == 0 else "FAILED"
    found = "" if done.returncode == 0 else f"\n{done.stdout}{done.stderr}".rstrip()
    print(f"{name:<10} {state:<7} {time.monotonic() - began_at:5.1f} s{found}", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
