"""Charts are drawn from integers, and say in words what they show."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.web import charts
from azora_admin.web.charts import Chart, Series


def chart(*series: Series, labels: tuple[str, ...] = ("Mon", "Tue", "Wed")) -> Chart:
    return Chart(
        labels=labels,
        series=series,
        ticks=labels,
        on_axis=lambda value: f"${value}",
        in_words=lambda value: f"{value} dollars",
        summary="Three days.",
    )


@given(st.integers(min_value=0, max_value=10**12))
def test_an_axis_is_as_high_as_its_values_and_has_four_equal_steps(value: int) -> None:
    top = charts.nice_top(value)
    assert top >= value
    assert top % 4 == 0
    assert top <= max(4, value * 2)


@pytest.mark.parametrize(("value", "top"), [(0, 4), (7, 8), (9_500, 10_000), (87_000, 100_000), (101, 120)])
def test_the_top_of_an_axis_is_a_round_number(value: int, top: int) -> None:
    assert charts.nice_top(value) == top


def test_a_line_begins_left_ends_right_and_is_higher_for_more() -> None:
    svg = str(charts.line(chart(Series("This week", (0, 5, 10)), Series("Before", (10, 5, 0)))))
    assert 'class="s-line s1" d="M0.0 100.00L500.0 58.33L1000.0 16.67"' in svg
    assert "s-prev" in svg


def test_bars_stand_one_above_the_other() -> None:
    svg = str(charts.bars(chart(Series("A", (4, 0, 0)), Series("B", (4, 0, 0)))))
    tops = [float(y) for y in re.findall(r'<rect class="f\d" [^>]*? y="([\d.]+)"', svg)]
    assert tops == [50.0, 0.0]


def test_values_travel_to_the_script_in_words() -> None:
    svg = str(charts.line(chart(Series("This week", (1, 2, 3)))))
    found = re.search(r'data-series="([^"]*)"', svg)
    assert found
    assert json.loads(unescape(found[1])) == {
        "l": ["Mon", "Tue", "Wed"],
        "s": [{"n": "This week", "v": ["1 dollars", "2 dollars", "3 dollars"]}],
    }


def test_a_chart_has_a_sentence_for_those_who_do_not_see_it() -> None:
    svg = str(charts.line(chart(Series("A", (1, 2, 3)))))
    assert 'aria-label="Three days. Use the left and right arrow keys to read values."' in svg


def test_what_people_wrote_can_not_become_markup() -> None:
    svg = str(charts.line(chart(Series('<img src="x">', (1, 2, 3)), labels=("<b>", "&", '"'))))
    assert "<img" not in svg
    assert "<b>" not in svg


def test_a_chart_of_nothing_is_still_a_chart() -> None:
    assert "plot" in charts.line(chart(Series("A", (0, 0, 0))))
    assert "<rect" not in charts.bars(chart(Series("A", (0, 0, 0))))


@given(st.lists(st.integers(min_value=0, max_value=10**9), min_size=2, max_size=60))
def test_a_spark_stays_within_its_box(values: list[int]) -> None:
    found = re.search(r' d="M([^"]*)"', str(charts.spark(values)))
    assert found
    for point in found[1].split("L"):
        x, y = map(float, point.split())
        assert 0 <= x <= 84
        assert 0 <= y <= 34


def test_one_value_makes_no_spark() -> None:
    assert charts.spark([5]) == ""


@given(st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=4))
def test_the_parts_of_a_bar_never_leave_it(values: list[int]) -> None:
    svg = str(charts.bar(values, sum(values)))
    for x, width in re.findall(r'x="([\d.]+)" width="([\d.]+)"', svg):
        assert float(x) + float(width) <= 1000.1


def test_a_bar_with_a_label_is_an_image_and_one_without_is_decoration() -> None:
    assert 'role="img" aria-label="A half"' in charts.bar([1], 2, "A half")
    assert 'aria-hidden="true"' in charts.bar([1], 2)


def test_nothing_is_drawn_with_an_inline_style() -> None:
    everything = charts.line(chart(Series("A", (1, 2, 3)))) + charts.bar([1, 2], 3) + charts.spark([1, 2])
    assert "style=" not in everything
