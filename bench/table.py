"""What was measured, for people and for machines."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from bench.cases import Result
from bench.filling import Scale
from bench.rounds import Compared, Round

_HEADINGS = (
    "case",
    "side",
    "per second",
    "p50 ms",
    "p99 ms",
    "CPU µs",
    "statements",
    "by CPU",
    "ratio",
    "goal",
    "",
)


def text(results: Sequence[Result]) -> str:
    """The table: two lines a case, both sides of it, and whether the goal is met."""
    rows = [_HEADINGS]
    for one in results:
        verdict = ("—", "") if one.goal is None else (f"≥ {one.goal:.2f}", "met" if one.is_met else "MISSED")
        counted = str(len(one.statements))
        rows.append(
            (one.name, one.a_name, *_figures(one.compared.a), counted, *_ratios(one.compared), *verdict)
        )
        rows.append(("", one.b_name, *_figures(one.compared.b), "", "", "", "", ""))
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADINGS))]
    lines = [
        "  ".join(_aligned(place, cell, widths[place]) for place, cell in enumerate(row)) for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def keep(results: Sequence[Result], scale: Scale, file: Path) -> None:
    """Write the figures to ``file``."""
    told = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "scale": asdict(scale),
        "cases": [{**asdict(one), "is_met": one.is_met} for one in results],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told, indent=2) + "\n")


def _ratios(one: Compared) -> tuple[str, str]:
    return f"{one.cpu_ratio:.2f}", f"{one.ratio:.2f}"


def _figures(one: Round) -> tuple[str, str, str, str]:
    return f"{one.rate:,.0f}", f"{one.p50 / 1000:.1f}", f"{one.p99 / 1000:.1f}", f"{one.cpu:,.0f}"


def _aligned(place: int, cell: str, width: int) -> str:
    return cell.ljust(width) if place < 2 else cell.rjust(width)
