"""Line plots over time as inline SVG; colours come from the page's style."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from math import floor, log10
from typing import Final

import msgspec

_WIDE: Final = 560
_HIGH: Final = 220
_LEFT: Final = 52
_RIGHT: Final = 12
_TOP: Final = 10
_BOTTOM: Final = 26
_Y_TICKS: Final = 4
_X_TICKS: Final = 7

Point = tuple[float, float | None]


class Series(msgspec.Struct):
    """A line: `points` in order of time, None where nothing was measured."""

    name: str
    points: Sequence[Point]


def line_plot(
    title: str, unit: str, series: Sequence[Series], marked: tuple[float, float] | None = None
) -> str:
    """A figure with one line a series, the first drawn strongest. `marked` is a span of time set
    off behind them."""
    drawn = [s for s in series if any(y is not None for _, y in s.points)]
    if not drawn:
        return ""
    xs = [x for s in drawn for x, _ in s.points]
    top = max(y for s in drawn for _, y in s.points if y is not None)
    x_step, y_step = nice_step(max(xs) - min(xs), _X_TICKS), nice_step(top, _Y_TICKS)
    x0, x1 = min(xs), max(max(xs), min(xs) + 1)
    y1 = max(y_step * -(-top // y_step), y_step)

    def at(x: float, y: float) -> tuple[float, float]:
        across = (x - x0) / (x1 - x0) * (_WIDE - _LEFT - _RIGHT)
        return _LEFT + across, _HIGH - _BOTTOM - y / y1 * (_HIGH - _TOP - _BOTTOM)

    parts = [f'<svg viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{escape(title)}">']
    if marked is not None:
        left, _ = at(max(marked[0], x0), 0)
        right, _ = at(min(marked[1], x1), 0)
        parts.append(
            f'<rect class="span" x="{left:.1f}" y="{_TOP}" width="{max(right - left, 0):.1f}" '
            f'height="{_HIGH - _TOP - _BOTTOM}"/>'
        )
    for number in range(round(y1 / y_step) + 1):
        _, y = at(x0, number * y_step)
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDE - _RIGHT}"/>')
        parts.append(
            f'<text class="y" x="{_LEFT - 8}" y="{y + 4:.1f}">{_tick(number * y_step)}</text>'
        )
    tick = x_step * -(-x0 // x_step)
    while tick <= x1:
        x, _ = at(tick, 0)
        parts.append(f'<text class="x" x="{x:.1f}" y="{_HIGH - 8}">{_tick(tick)} s</text>')
        tick += x_step
    for number, line in reversed(list(enumerate(drawn))):
        parts.append(f'<path class="line c{number}" d="{_path(line.points, at)}"/>')
    parts.append("</svg>")
    legend = "".join(
        f'<span><i class="c{number}"></i>{escape(line.name)}</span>'
        for number, line in enumerate(drawn)
    )
    heading = f"{escape(title)}<small>{escape(unit)}</small>"
    return (
        f'<figure><figcaption><b>{heading}</b><span class="legend">{legend}</span></figcaption>'
        f"{''.join(parts)}</figure>"
    )


def nice_step(span: float, ticks: int) -> float:
    """The smallest of 1, 2, 5 times a power of ten that cuts `span` into at most `ticks` steps."""
    if span <= 0:
        return 1.0
    raw = span / ticks
    power = 10.0 ** floor(log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)


def _path(points: Sequence[Point], at: object) -> str:
    assert callable(at)
    known = [(x, y) for x, y in points if y is not None]
    if len(known) == 1:
        x, y = at(*known[0])
        return f"M{x:.1f} {y:.1f}h1"
    moves: list[str] = []
    pen_down = False
    for (x, y), following in pairwise([*points, (0.0, None)]):
        if y is None:
            pen_down = False
            continue
        across, down = at(x, y)
        moves.append(f"{'L' if pen_down else 'M'}{across:.1f} {down:.1f}")
        pen_down = following is not None
    return "".join(moves)


def _tick(value: float) -> str:
    if value >= 1_000_000:
        return f"{value / 1_000_000:g} M"
    if value >= 10_000:
        return f"{value / 1_000:g} k"
    return f"{value:,.10g}"
