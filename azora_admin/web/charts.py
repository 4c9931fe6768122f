"""Charts as SVG made here: no script needed, nothing inline, they print and follow light and dark by class.

The drawing stretches (``viewBox 0 0 1000 100``), its labels are HTML beside it, so they never scale. A plot
can be read with the arrow keys, and every chart stands beside a table of its figures.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

_WIDTH: Final = 1000
_HEIGHT: Final = 100
_STEPS: Final = 4
_NICE: Final = (10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100)
_HINT: Final = "Use the left and right arrow keys to read values."

Words = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one layer of bars; values in minor units or counts."""

    name: str
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows: a label per point, ticks under it, and how to write its values.

    ``summary`` is the chart in a sentence, for those who don't see it.
    """

    labels: Sequence[str]
    series: Sequence[Series]
    ticks: Sequence[str]
    on_axis: Words
    in_words: Words
    summary: str


def nice_top(value: int) -> int:
    """The top of an axis of four equal, round steps that ``value`` fits under."""
    step = max(-(-value // _STEPS), 1)
    size = 1
    while step > size * 10:
        size *= 10
    for nice in _NICE:
        if nice * size % 10 == 0 and nice * size // 10 >= step:
            return nice * size // 10 * _STEPS
    return size * 10 * _STEPS


def line(chart: Chart) -> Markup:
    """A line for the first series over an area; the second one, if any, is a dashed comparison."""
    top = nice_top(max(max(series.values, default=0) for series in chart.series))
    drawn = [_grid()]
    for number, series in reversed(list(enumerate(chart.series))):
        path = _path(_points(series.values, top))
        if number == 0:
            drawn.append(f'<path class="s-area f1" d="{path}L{_WIDTH} {_HEIGHT}L0 {_HEIGHT}Z"/>')
        drawn.append(f'<path class="s-line {"s-prev" if number else "s1"}" d="{path}"/>')
    return _plot("line", chart, top, "".join(drawn))


def bars(chart: Chart) -> Markup:
    """A stack of bars for each label."""
    top = nice_top(max((sum(column) for column in _columns(chart)), default=0))
    band = _WIDTH / max(len(chart.labels), 1)
    drawn = [_grid()]
    for place, column in enumerate(_columns(chart)):
        below = float(_HEIGHT)
        for layer, value in enumerate(column, 1):
            height = max(value, 0) / top * _HEIGHT
            below -= height
            if height > 0:
                visible = max(height - (0.7 if layer > 1 else 0), 0.2)
                at = f'x="{place * band + band * 0.22:.1f}" width="{band * 0.56:.1f}"'
                drawn.append(f'<rect class="f{layer}" {at} y="{below:.2f}" height="{visible:.2f}"/>')
    return _plot("bars", chart, top, "".join(drawn))


def spark(values: Sequence[int]) -> Markup:
    """A small line without axes, for a figure beside it; decoration only."""
    if len(values) < 2:
        return Markup("")
    low, high = min(values), max(values)
    span = (high - low) or 1
    scaled = [50 if high == low else 5 + (value - low) * 90 // span for value in values]
    path = "L".join(f"{n * 84 / (len(scaled) - 1):.1f} {34 - y * 0.34:.2f}" for n, y in enumerate(scaled))
    return Markup(
        '<svg class="spark" viewBox="0 0 84 34" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<path class="s-line s1" d="M{}"/></svg>'
    ).format(path)


def bar(values: Sequence[int], total: int, label: str | None = None, shape: str = "") -> Markup:
    """One horizontal bar of ``values`` in ``total``, each in the next colour; decoration without a label."""
    drawn = [f'<rect class="f-track" width="{_WIDTH}" height="10"/>']
    left = 0.0
    for number, value in enumerate(values):
        width = max(value, 0) / max(total, 1) * _WIDTH
        gap = 3 if number else 0
        if width > gap:
            drawn.append(
                f'<rect class="f{number + 1}" x="{left + gap:.1f}" width="{width - gap:.1f}" height="10"/>'
            )
        left += width
    said = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup(
        '<svg class="bar {}" viewBox="0 0 1000 10" preserveAspectRatio="none" focusable="false" {}>{}</svg>'
    ).format(shape, said, Markup("".join(drawn)))  # noqa: S704  # our own numbers


def _columns(chart: Chart) -> list[tuple[int, ...]]:
    return list(zip(*(series.values for series in chart.series), strict=True))


def _points(values: Sequence[int], top: int) -> list[tuple[float, float]]:
    last = max(len(values) - 1, 1)
    return [
        (place * _WIDTH / last, _HEIGHT - max(value, 0) / top * _HEIGHT) for place, value in enumerate(values)
    ]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.2f}" for x, y in points)


def _grid() -> str:
    lines = []
    for step in range(_STEPS + 1):
        y = step * _HEIGHT // _STEPS
        kind = "g-base" if step == _STEPS else "g-line"
        lines.append(f'<line class="{kind}" x1="0" x2="{_WIDTH}" y1="{y}" y2="{y}"/>')
    return "".join(lines)


def _plot(kind: str, chart: Chart, top: int, drawing: str) -> Markup:
    spans = Markup("").join(
        Markup("<span>{}</span>").format(chart.on_axis(top * step // _STEPS))
        for step in range(_STEPS, -1, -1)
    )
    ticks = Markup("").join(Markup("<span>{}</span>").format(tick) for tick in chart.ticks)
    return Markup(
        '<div class="plot plot-focus" tabindex="0" role="group" aria-roledescription="chart" '
        'aria-label="{said}" data-plot="{kind}" data-series="{data}">'
        '<div class="plot-y" aria-hidden="true">{spans}</div>'
        '<svg viewBox="0 0 1000 100" preserveAspectRatio="none" aria-hidden="true" focusable="false">{drawing}</svg>'
        '<div class="plot-x{bands}" aria-hidden="true">{ticks}</div></div>'
    ).format(
        said=f"{chart.summary} {_HINT}",
        kind=kind,
        data=_data(chart),
        spans=spans,
        drawing=Markup(drawing),  # noqa: S704  # our own numbers
        bands=" plot-x--bands" if kind == "bars" else "",
        ticks=ticks,
    )


def _data(chart: Chart) -> str:
    """What the script needs to read values aloud, already in words."""
    series = [{"n": one.name, "v": [chart.in_words(value) for value in one.values]} for one in chart.series]
    return json.dumps({"l": list(chart.labels), "s": series}, separators=(",", ":"), ensure_ascii=False)
