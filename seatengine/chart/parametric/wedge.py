"""Wedges: blocks of rows on concentric arcs between two radial aisles, the stuff of all venues.

Angles are radians from the x axis, growing clockwise on the map because y points down. Lengths are
chart units; a seat takes SEAT_PITCH of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from seatengine.chart.chart import Point, Polygon

Floats = npt.NDArray[np.float64]

SEAT_PITCH: Final = 20.0
ROW_PITCH: Final = 26.0
AISLE: Final = 30.0
"""From the edge of the last seat of a block to the edge of the next block's first."""

CROSS_AISLE: Final = 28.0
"""How much wider than others the gap between two rows is where an aisle runs across."""

_AIR: Final = ROW_PITCH * 0.56
_BISECTIONS: Final = 24
_OUTLINE_STEP: Final = math.radians(2.0)


class Arc(msgspec.Struct, frozen=True):
    """Part of a circle: `start` to `end` in radians, clockwise on the map."""

    center: Point
    radius: float
    start: float
    end: float

    def length(self, offset: float = 0.0) -> float:
        """Of the arc `offset` further out."""
        return (self.radius + offset) * (self.end - self.start)

    def further(self, offset: float) -> Arc:
        """The same arc with a radius larger by `offset`."""
        return Arc(self.center, self.radius + offset, self.start, self.end)

    def part(self, first: float, last: float) -> Arc:
        """The piece between two shares of its angle, 0 to 1."""
        span = self.end - self.start
        return Arc(self.center, self.radius, self.start + span * first, self.start + span * last)

    def point(self, share: float, offset: float = 0.0) -> Point:
        angle = self.start + (self.end - self.start) * share
        r = self.radius + offset
        return Point(self.center.x + r * math.cos(angle), self.center.y + r * math.sin(angle))


class Wedge(msgspec.Struct, frozen=True):
    """`rows` rows on arcs parallel to `arc`, the first one on it.

    `margin` is kept free at both ends of every row: half an aisle. An aisle across the block
    stands in front of row `cross`, unless that is 0.
    """

    arc: Arc
    rows: int
    margin: float = AISLE / 2
    cross: int = 0

    def offset(self, row: int) -> float:
        """How far behind the first row a row stands."""
        return row * ROW_PITCH + (CROSS_AISLE if self.cross and row >= self.cross else 0.0)

    def counts(self) -> list[int]:
        """How many seats fit in each row, front first; at least one."""
        return [
            max(1, round((self.arc.length(self.offset(k)) - 2 * self.margin) / SEAT_PITCH))
            for k in range(self.rows)
        ]

    def seats(self, row: int, count: int) -> tuple[Floats, Floats]:
        """x and y of `count` seats that fill a row from aisle to aisle, clockwise."""
        radius = self.arc.radius + self.offset(row)
        inset = self.margin / radius
        span = self.arc.end - self.arc.start - 2 * inset
        angles = self.arc.start + inset + span * (np.arange(count) + 0.5) / count
        center = self.arc.center
        return center.x + radius * np.cos(angles), center.y + radius * np.sin(angles)

    def outline(self) -> Polygon:
        """A border around the block with a little air, its sides parallel to the aisles."""
        inner = self.arc.radius - _AIR
        outer = self.arc.radius + self.offset(self.rows - 1) + _AIR
        edge = max(self.margin - 8.0, 0.0)
        points = [*self._border(outer, edge, False), *self._border(inner, edge, True)]
        return Polygon(tuple(points))

    def middle(self) -> Point:
        return self.arc.point(0.5, self.offset(self.rows - 1) / 2)

    def _border(self, radius: float, edge: float, backwards: bool) -> Sequence[Point]:
        start, end = self.arc.start + edge / radius, self.arc.end - edge / radius
        steps = max(2, math.ceil((end - start) / _OUTLINE_STEP) + 1)
        angles = np.linspace(start, end, steps)
        center = self.arc.center
        points = [
            Point(center.x + radius * math.cos(a), center.y + radius * math.sin(a)) for a in angles
        ]
        return points[::-1] if backwards else points


def split(arc: Arc, parts: int) -> list[Arc]:
    """`arc` in `parts` equal pieces, clockwise."""
    return [arc.part(i / parts, (i + 1) / parts) for i in range(parts)]


def aligned_parts(arc: Arc, rows: int, seats: int, parts_below: int) -> int:
    """Into how many sections of about `seats` a row to part an arc.

    A multiple of how many the tier below has there, so that the aisles of both meet.
    """
    width = seats * SEAT_PITCH + AISLE
    length = arc.length((rows - 1) * ROW_PITCH / 2)
    return parts_below * max(1, round(length / width / parts_below))


def trimmed(counts: list[list[int]], surplus: int) -> list[list[int]]:
    """`counts` (by block, then row) with `surplus` seats fewer, taken evenly from the back rows.

    A row keeps two seats as long as any other has more.
    """
    counts = [list(block) for block in counts]
    for least in (2, 0):
        while surplus > 0:
            before = surplus
            for back in range(1, max(map(len, counts), default=0) + 1):
                able = [b for b in counts if len(b) >= back and b[-back] > least]
                chosen = able
                if len(able) > surplus:
                    chosen = [able[i * len(able) // surplus] for i in range(surplus)]
                for block in chosen:
                    block[-back] -= 1
                surplus -= len(chosen)
                if not surplus:
                    return counts
            if surplus == before:
                break
    return counts


def smallest_fit(fits: Callable[[float], bool], low: float, high: float) -> float:
    """About the smallest size between `low` and `high` that fits, by bisection."""
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if fits(middle):
            high = middle
        else:
            low = middle
    return high
