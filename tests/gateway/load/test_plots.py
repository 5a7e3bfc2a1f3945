"""Plots are sound SVG whatever is drawn."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from gateway.load.plots import Series, line_plot, nice_step


def drawn(plot: str) -> ElementTree.Element:
    found = re.search(r"<svg.*</svg>", plot)
    assert found is not None
    return ElementTree.fromstring(found.group())


def test_a_gap_lifts_the_pen() -> None:
    points = [(0.0, 1.0), (1.0, 2.0), (2.0, None), (3.0, 4.0), (4.0, 1.0)]
    svg = drawn(line_plot("Lag", "ms", [Series("p99", points)], (1.0, 3.0)))
    line = next(p for p in svg.iter("path") if "line" in p.attrib["class"])
    assert line.attrib["d"].count("M") == 2
    assert line.attrib["d"].count("L") == 2
    assert len(list(svg.iter("rect"))) == 1


@pytest.mark.parametrize("points", [[(0.0, 0.0)], [(5.0, 3.0)], [(0.0, None), (1.0, 0.0)]])
def test_little_to_draw_is_drawn(points: list[tuple[float, float | None]]) -> None:
    assert len(list(drawn(line_plot("A & B", "<s>", [Series("<x>", points)])).iter("path"))) >= 2


def test_nothing_to_draw_is_no_plot() -> None:
    assert line_plot("Lag", "ms", [Series("p99", [(0.0, None)])]) == ""
    assert line_plot("Lag", "ms", []) == ""


def test_steps_are_round() -> None:
    assert [nice_step(span, 5) for span in (1, 7, 12, 60, 0)] == [0.2, 2, 5, 20, 1]
