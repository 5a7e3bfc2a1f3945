"""The inner edge of a bowl: eight arcs that meet without a kink, like the rim of a stadium."""

from __future__ import annotations

import math

import msgspec

from seatengine.chart.chart import Point
from seatengine.chart.parametric.wedge import Arc


class Oval(msgspec.Struct, frozen=True):
    """Arcs by side. Clockwise on the map from the top: top, top right, right, and so on."""

    top: Arc
    top_right: Arc
    right: Arc
    bottom_right: Arc
    bottom: Arc
    bottom_left: Arc
    left: Arc
    top_left: Arc

    def arcs(self) -> tuple[Arc, ...]:
        return (
            self.top,
            self.top_right,
            self.right,
            self.bottom_right,
            self.bottom,
            self.bottom_left,
            self.left,
            self.top_left,
        )


def oval(
    half_width: float,
    half_height: float,
    corner: float,
    *,
    top_bend: float = math.radians(9.0),
    side_bend: float = math.radians(9.0),
) -> Oval:
    """An oval around the origin.

    `corner` is the radius of its corners. Top and bottom turn by `top_bend` from their middle to
    their end, left and right by `side_bend`: 0 would be straight. The radii of the sides follow
    from the arcs having to meet with a common tangent, two linear equations.
    """
    a11, a12 = math.sin(top_bend), 1 - math.cos(side_bend)
    a21, a22 = 1 - math.cos(top_bend), math.sin(side_bend)
    b1 = half_width - corner * math.cos(side_bend) + corner * math.sin(top_bend)
    b2 = half_height - corner * math.cos(top_bend) + corner * math.sin(side_bend)
    determinant = a11 * a22 - a12 * a21
    top_radius = (b1 * a22 - a12 * b2) / determinant
    side_radius = (a11 * b2 - a21 * b1) / determinant
    quarter = math.pi / 2
    reach_x = (top_radius - corner) * math.sin(top_bend)
    reach_y = (side_radius - corner) * math.sin(side_bend)

    def corner_arc(sx: int, sy: int, start: float) -> Arc:
        first, last = (top_bend, side_bend) if sx * sy < 0 else (side_bend, top_bend)
        center = Point(sx * reach_x, sy * reach_y)
        return Arc(center, corner, start + first, start + quarter - last)

    rise, shift = half_height - top_radius, half_width - side_radius
    return Oval(
        top=Arc(Point(0.0, -rise), top_radius, -quarter - top_bend, -quarter + top_bend),
        top_right=corner_arc(1, -1, -quarter),
        right=Arc(Point(shift, 0.0), side_radius, -side_bend, side_bend),
        bottom_right=corner_arc(1, 1, 0.0),
        bottom=Arc(Point(0.0, rise), top_radius, quarter - top_bend, quarter + top_bend),
        bottom_left=corner_arc(-1, 1, quarter),
        left=Arc(Point(-shift, 0.0), side_radius, math.pi - side_bend, math.pi + side_bend),
        top_left=corner_arc(-1, -1, math.pi),
    )
