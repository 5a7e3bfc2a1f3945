"""A theatre: stalls and circles on arcs around the stage, boxes at the sides, tables in front."""

from __future__ import annotations

import math
from typing import Final

import msgspec
import numpy as np

from seatengine.chart.chart import (
    Category,
    Chart,
    Decoration,
    Ellipse,
    Point,
    Polygon,
    Rectangle,
    Section,
)
from seatengine.chart.parametric.palette import BRONZE, GOLD, PLATINUM, SILVER, TABLES, VALUE
from seatengine.chart.parametric.plan import (
    Marks,
    Plan,
    PlannedRow,
    PlannedTable,
    row_label,
    wheelchair_row,
)
from seatengine.chart.parametric.wedge import (
    AISLE,
    ROW_PITCH,
    SEAT_PITCH,
    Arc,
    Floats,
    Wedge,
    smallest_fit,
    trimmed,
)

_HALF_ANGLE: Final = math.radians(27.0)
_DOWN: Final = math.pi / 2
_TIER_GAP: Final = 3.4 * ROW_PITCH
# Shares of the angle: left, centre and right block.
_BLOCKS: Final = ((0.0, 0.28), (0.28, 0.72), (0.72, 1.0))
_TABLE_SEATS: Final = 4
_TABLE_RADIUS: Final = 15.0
_TABLE_REACH: Final = 25.0
_TABLE_PITCH: Final = 92.0
_TABLE_DEPTH: Final = 84.0
_BOX_PITCH: Final = 74.0
_BOX_DEPTH: Final = 54.0
_BOX_DISTANCE: Final = 52.0
_BOX_SEATS: Final = ((-13.0, -11.0), (-13.0, 11.0), (13.0, -11.0), (13.0, 11.0))


class _Tier(msgspec.Struct):
    """A tier and its blocks, clockwise on the map: right, centre, left of the audience."""

    name: str
    wedges: tuple[Wedge, ...]
    radius: float


def theatre(seats: int) -> Chart:
    """A theatre of exactly `seats` seats."""
    rows = _rows(seats)
    tables, boxes = _extras(seats, rows)
    in_rows = seats - _TABLE_SEATS * (tables + 2 * boxes)

    def wedges(radius: float) -> list[Wedge]:
        return [w for tier in _tiers(rows, radius) for w in tier.wedges]

    radius = smallest_fit(lambda r: sum(sum(w.counts()) for w in wedges(r)) >= in_rows, 60, 60_000)
    flat = [w.counts() for w in wedges(radius)]
    counts = trimmed(flat, sum(map(sum, flat)) - in_rows)
    plan = Plan("Theatre", (PLATINUM, GOLD, SILVER, BRONZE, VALUE, TABLES))
    _draw_stage(plan, radius, tables > 0)
    for tier_number, tier in enumerate(_tiers(rows, radius)):
        mine = counts[3 * tier_number : 3 * tier_number + 3]
        _add_tier(plan, tier_number, tier, mine, len(rows))
    if tables:
        _add_tables(plan, radius, tables)
    if boxes:
        _add_boxes(plan, radius, boxes)
    return plan.finish()


def _extras(seats: int, rows: tuple[int, ...]) -> tuple[int, int]:
    """How many tables, and how many boxes on each side: about as many as have room."""
    if seats < 250:
        return 0, 0
    first_row = 2 * _HALF_ANGLE * (_radius(seats, rows) - _TABLE_DEPTH)
    tables = max(2, int(first_row / _TABLE_PITCH))
    boxes = max(2, int(rows[0] * ROW_PITCH * 0.8 / _BOX_PITCH))
    return min(tables, seats // 60), min(boxes, 12, seats // 80)


def _radius(seats: int, rows: tuple[int, ...]) -> float:
    """About the radius of the first row: the mean row holds the mean number of seats."""
    mean = (seats / sum(rows) * SEAT_PITCH + 3 * AISLE) / (2 * _HALF_ANGLE)
    return max(mean - sum(rows) * ROW_PITCH / 2 - _TIER_GAP * (len(rows) - 1) / 2, 160.0)


def _rows(seats: int) -> tuple[int, ...]:
    rows = min(140, max(3, round(0.75 * math.sqrt(seats))))
    if seats < 250:
        return (rows,)
    if seats < 1_400:
        return (math.ceil(rows * 0.66), math.floor(rows * 0.34))
    return (math.ceil(rows * 0.5), math.floor(rows * 0.27), math.floor(rows * 0.23))


def _tiers(rows: tuple[int, ...], radius: float) -> list[_Tier]:
    names = ("Stalls", "Dress Circle", "Balcony")
    tiers = []
    for number, count in enumerate(rows):
        half = _HALF_ANGLE + math.radians(3.0) * number
        arc = Arc(Point(0.0, 0.0), radius, _DOWN - half, _DOWN + half)
        cross = count * 5 // 9 if number == 0 and count >= 12 else 0
        wedges = tuple(Wedge(arc.part(a, b), count, cross=cross) for a, b in _BLOCKS)
        tiers.append(_Tier(names[number], wedges, radius))
        radius += wedges[0].offset(count - 1) + _TIER_GAP
    return tiers


def _add_tier(plan: Plan, number: int, tier: _Tier, counts: list[list[int]], tiers: int) -> None:
    whole = Arc(Point(0.0, 0.0), tier.radius, tier.wedges[0].arc.start, tier.wedges[-1].arc.end)
    block = tier.wedges[0]
    section = "-".join(tier.name.lower().split())
    plan.sections.append(
        Section(
            id=section,
            label=tier.name,
            outline=Wedge(whole, block.rows, cross=block.cross).outline(),
            entrance=("Foyer", "First floor", "Second floor")[number],
        )
    )
    for row in range(block.rows):
        blocks = [(w, c[row]) for w, c in zip(tier.wedges, counts, strict=True) if c[row]]
        if not blocks:
            continue
        parts = [wedge.seats(row, count) for wedge, count in blocks]
        x: Floats = np.concatenate([p[0] for p in parts])[::-1]
        y: Floats = np.concatenate([p[1] for p in parts])[::-1]
        marks = _marks(number, row, block, [count for _, count in blocks], tiers)
        category = _category_key(number, row / max(block.rows, 1), tiers)
        plan.rows.append(PlannedRow(section, row_label(row), x, y, category, marks))


def _marks(tier: int, row: int, wedge: Wedge, counts: list[int], tiers: int) -> Marks:
    total = sum(counts)
    before_aisle = wedge.cross - 1 if wedge.cross else wedge.rows - 1
    if tier == 0 and row == before_aisle:
        return wheelchair_row(total)
    under_circle = tier == 0 and tiers > 1 and row >= wedge.rows - 3 and len(counts) == 3
    if under_circle:
        left, right = counts[2], counts[2] + counts[1]
        return Marks(restricted=frozenset({left - 1, left, right - 1, right}))
    if tier and row < 2 and total > 12:
        return Marks(restricted=frozenset({0, 1, total - 2, total - 1}))
    return Marks()


def _category_key(tier: int, depth: float, tiers: int) -> str:
    bands: tuple[tuple[float, Category], ...]
    if tier == 0:
        bands = ((0.3, PLATINUM), (0.62, GOLD), (1.0, SILVER))
    elif tier == 1 and tiers == 3:
        bands = ((0.4, GOLD), (1.0, SILVER))
    elif tier == 1:
        bands = ((0.4, GOLD), (1.0, BRONZE))
    else:
        bands = ((0.5, BRONZE), (1.0, VALUE))
    return next(category.key for share, category in bands if depth < share)


def _add_tables(plan: Plan, radius: float, tables: int) -> None:
    """Cabaret tables on an arc before the first row, each booked whole."""
    arc_radius = radius - _TABLE_DEPTH
    step = _TABLE_PITCH / arc_radius
    first = _DOWN + step * (tables - 1) / 2
    half = step * tables / 2
    arc = Arc(Point(0.0, 0.0), arc_radius, _DOWN - half, _DOWN + half)
    plan.sections.append(
        Section(id="cabaret", label="Cabaret", outline=_band(arc, 44.0), category=TABLES.key)
    )
    for number in range(tables):
        angle = first - step * number
        center = Point(arc_radius * math.cos(angle), arc_radius * math.sin(angle))
        turns = angle + math.pi / 4 + np.arange(_TABLE_SEATS) * (2 * math.pi / _TABLE_SEATS)
        plan.tables.append(
            PlannedTable(
                "cabaret",
                f"Table {number + 1}",
                Ellipse(center, _TABLE_RADIUS, _TABLE_RADIUS),
                center.x + _TABLE_REACH * np.cos(turns),
                center.y + _TABLE_REACH * np.sin(turns),
                TABLES.key,
            )
        )


def _band(arc: Arc, half_width: float) -> Polygon:
    outer = [arc.point(i / 12, half_width) for i in range(13)]
    inner = [arc.point(1 - i / 12, -half_width) for i in range(13)]
    return Polygon((*outer, *inner))


def _add_boxes(plan: Plan, radius: float, boxes: int) -> None:
    """Boxes of four along both side walls, booked whole; the nearest to the stage see it askew."""
    for side, name in ((1, "Left Boxes"), (-1, "Right Boxes")):
        section = name.lower().replace(" ", "-")
        wall = _DOWN + side * _HALF_ANGLE
        along = np.array([math.cos(wall), math.sin(wall)])
        away = side * np.array([-along[1], along[0]])
        for number in range(boxes):
            center = along * (radius + 12.0 + number * _BOX_PITCH) + away * _BOX_DISTANCE
            spots = np.array([center + along * a + away * b for a, b in _BOX_SEATS])
            plan.tables.append(
                PlannedTable(
                    section,
                    f"Box {2 * number + (1 if side > 0 else 2)}",
                    Rectangle(
                        Point(float(center[0]), float(center[1])),
                        _BOX_PITCH - 12.0,
                        _BOX_DEPTH,
                        math.degrees(wall),
                        8.0,
                    ),
                    spots[:, 0],
                    spots[:, 1],
                    TABLES.key,
                    restricted=number == 0,
                )
            )
        first = along * (radius + 12.0) + away * _BOX_DISTANCE
        last = along * (radius + 12.0 + (boxes - 1) * _BOX_PITCH) + away * _BOX_DISTANCE
        reach, depth = along * _BOX_PITCH * 0.5, away * (_BOX_DEPTH / 2 + 6.0)
        border = (
            first - reach - depth,
            last + reach - depth,
            last + reach + depth,
            first - reach + depth,
        )
        plan.sections.append(
            Section(
                id=section,
                label=name,
                outline=Polygon(tuple(Point(float(p[0]), float(p[1])) for p in border)),
                category=TABLES.key,
            )
        )


def _draw_stage(plan: Plan, radius: float, tables: bool) -> None:
    """A stage a little wider than the first row; its front is parallel to what stands before it."""
    front = radius - (_TABLE_DEPTH + 70.0 if tables else 46.0)
    half = radius * math.sin(_HALF_ANGLE) * 1.12 + 20.0
    widest = front * math.sin(_HALF_ANGLE * 1.05)
    bow = []
    for i in range(33):
        x = half * (1 - i / 16)
        bow.append(Point(x, math.sqrt(front**2 - min(abs(x), widest) ** 2)))
    back = bow[0].y - max(130.0, half * 0.5)
    plan.focal_point = Point(0.0, front)
    plan.decorate(
        Decoration(
            "",
            "stage",
            Polygon((*bow, Point(-half * 0.86, back), Point(half * 0.86, back))),
            text="Stage",
            fill="#3C4250",
            text_size=min(half * 0.11, 60.0),
        )
    )
