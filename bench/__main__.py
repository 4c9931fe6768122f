"""``python -m bench``: measure everything, print a table, keep the figures in ``bench/results/latest.json``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import cases, postings, table
from bench.cases import Length
from bench.filling import Scale
from bench.stage import staged

_FULL: Final = Scale(courses=1_000_000, payments=1_000_000, instructors=2_000, learners=40_000)
_QUICK: Final = Scale(courses=5_000, payments=5_000, instructors=20, learners=200)


def main(arguments: list[str] | None = None) -> int:
    """Run the bench. The exit status is 0 when it could measure; goals that are missed are told, not punished."""
    options = _options(arguments)
    scale, length = _amount(options)
    began = time.monotonic()
    with _folder(options.folder) as folder:
        print(f"{scale.courses:,} courses and {scale.payments:,} payments in {folder} …", flush=True)
        with staged(folder, scale) as stage:
            print(f"filled after {time.monotonic() - began:.0f} s; measuring …", flush=True)
            results = [] if "http" in options.skip else cases.run(stage, length)
            if "ledger" not in options.skip:
                results += postings.run(stage, length)
    table.keep(results, scale, Path(options.results))
    print(table.text(results))
    print(f"{time.monotonic() - began:.0f} s in all; the figures are in {options.results}")
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="a few thousand rows and short rounds: does it work?"
    )
    parser.add_argument("--folder", type=Path, help="keep the database here, and use it again")
    parser.add_argument("--pairs", type=int, default=4, help="rounds of each side (4)")
    parser.add_argument("--seconds", type=float, default=1.5, help="seconds of a round (1.5)")
    parser.add_argument(
        "--skip", choices=("http", "ledger"), action="append", default=[], help="leave a part out"
    )
    parser.add_argument("--results", default="bench/results/latest.json", help="where the figures are kept")
    return parser.parse_args(arguments)


def _amount(options: argparse.Namespace) -> tuple[Scale, Length]:
    if options.quick:
        return _QUICK, Length(pairs=1, seconds=0.25, posters=2)
    return _FULL, Length(options.pairs, options.seconds, posters=8)


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
    else:
        with tempfile.TemporaryDirectory(prefix="azora-bench-", ignore_cleanup_errors=True) as folder:
            yield Path(folder)


if __name__ == "__main__":
    sys.exit(main())
