"""Plane geometry over whole charts. The only module that uses shapely, and only vectorised.

Importing shapely takes longer than recovering an event, so nothing on the way to a sale may import
this module at its top.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from seatengine.chart.chart import Chart, Point, Polygon, Seat, seats_of

Floats = npt.NDArray[np.float64]
Indexes = npt.NDArray[np.int64]

# Two seats whose distance is less than this share of the usual one lie on each other.
_OVERLAP_SHARE: Final = 0.5
# How far an outline stands off from the middle of the outer seats, in usual distances.
_OUTLINE_PADDING: Final = 0.75
# How closely a hull follows the seats: 0 hugs every one, 1 is convex.
_HULL_RATIO: Final = 0.25
# Seats this far outside of their section's outline, in usual distances, are still inside.
_OUTSIDE_TOLERANCE: Final = 0.5


class Spots(msgspec.Struct):
    """The seats of a chart as columns; rows first, then tables.

    `section` is an index into the chart's sections and `floor` one into `floors`; -1 for none.
    """

    seats: list[Seat]
    x: Floats
    y: Floats
    section: Indexes
    floor: Indexes


def spots(chart: Chart) -> Spots:
    """All seats of `chart`. Sections and floors that do not exist count as none."""
    seats = list(seats_of(chart))
    sections = {s.id: i for i, s in enumerate(chart.sections)}
    floors = {f.id: i for i, f in enumerate(chart.floors)}
    counts, section, floor = [], [], []
    for row in chart.rows:
        counts.append(len(row.seats))
        section.append(sections.get(row.section, -1))
        floor.append(floors.get(row.floor, -1))
    for table in chart.tables:
        counts.append(len(table.seats))
        section.append(sections.get(table.section, -1))
        floor.append(floors.get(table.floor, -1))
    return Spots(
        seats,
        np.fromiter((s.x for s in seats), np.float64, len(seats)),
        np.fromiter((s.y for s in seats), np.float64, len(seats)),
        np.repeat(np.array(section, np.int64), counts),
        np.repeat(np.array(floor, np.int64), counts),
    )


def usual_distance(at: Spots) -> float:
    """The median distance from a seat to the next one in order, in chart units; 20 for no seats."""
    gaps = np.hypot(np.diff(at.x), np.diff(at.y))
    gaps = gaps[gaps > 0]
    return float(np.median(gaps)) if len(gaps) else 20.0


def overlapping_seats(at: Spots) -> Indexes:
    """Pairs of seats of one floor that lie on each other; shape (n, 2), by position in `at`."""
    reach = usual_distance(at) * _OVERLAP_SHARE
    points = shapely.points(at.x, at.y)
    pairs: Indexes = shapely.STRtree(points).query(points, predicate="dwithin", distance=reach).T
    first, second = pairs.T
    kept: Indexes = pairs[(first < second) & (at.floor[first] == at.floor[second])]
    return kept


def seats_outside(chart: Chart, at: Spots) -> Indexes:
    """Positions in `at` of seats that stand outside of the outline of their own section."""
    slack = usual_distance(at) * _OUTSIDE_TOLERANCE
    outside = []
    for number, section in enumerate(chart.sections):
        if section.outline is None:
            continue
        own = np.flatnonzero(at.section == number)
        if not len(own):
            continue
        border = _area(section.outline).buffer(slack)
        shapely.prepare(border)
        outside.append(own[~shapely.contains_xy(border, at.x[own], at.y[own])])
    return np.concatenate(outside) if outside else np.zeros(0, np.int64)


def with_outlines(chart: Chart) -> Chart:
    """`chart` with an outline around the seats of every section that had none and has seats."""
    if all(s.outline for s in chart.sections):
        return chart
    at = spots(chart)
    padding = usual_distance(at) * _OUTLINE_PADDING
    sections = []
    for number, section in enumerate(chart.sections):
        own = at.section == number
        if section.outline is None and own.any():
            outline = _hull(at.x[own], at.y[own], padding)
            section = msgspec.structs.replace(section, outline=outline)
        sections.append(section)
    return msgspec.structs.replace(chart, sections=tuple(sections))


def label_points(chart: Chart) -> dict[str, Point]:
    """Where to write each section's label: inside of its outline, in its middle if that is inside.

    Sections without an outline are left out; `with_outlines` gives them one.
    """
    return {s.id: _label_point(s.outline) for s in chart.sections if s.outline is not None}


def _label_point(outline: Polygon) -> Point:
    area = _area(outline)
    middle = area.centroid
    if not area.contains(middle):
        middle = shapely.maximum_inscribed_circle(area).interpolate(0.0)
    return Point(round(middle.x, 2), round(middle.y, 2))


def _area(outline: Polygon) -> shapely.Geometry:
    """The outline as a valid geometry: one that crosses itself becomes its parts."""
    if len(outline.points) < 3:
        return shapely.Polygon()
    return shapely.make_valid(shapely.polygons([(p.x, p.y) for p in outline.points]))


def _hull(x: Floats, y: Floats, padding: float) -> Polygon:
    cloud = shapely.multipoints(np.column_stack((x, y)))
    hull = shapely.concave_hull(cloud, ratio=_HULL_RATIO)
    border = hull.buffer(padding, quad_segs=4).simplify(padding / 10)
    corners = shapely.get_coordinates(border.exterior)[:-1]
    return Polygon(tuple(Point(round(cx, 2), round(cy, 2)) for cx, cy in corners.tolist()))
