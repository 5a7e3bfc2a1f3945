"""An arena with a stage at one end: a standing floor, seats behind it, and tiers on three sides."""

from __future__ import annotations

import math
from typing import Final

import msgspec
import numpy as np

from seatengine.chart.chart import (
    Area,
    Category,
    Chart,
    Decoration,
    Point,
    Polygon,
    Rectangle,
    Section,
    Zone,
)
from seatengine.chart.parametric.oval import Oval, oval
from seatengine.chart.parametric.palette import BRONZE, GOLD, PLATINUM, SILVER, STANDING, VALUE
from seatengine.chart.parametric.plan import (
    Marks,
    Plan,
    PlannedRow,
    row_label,
    wheelchair_row,
)
from seatengine.chart.parametric.wedge import (
    AISLE,
    ROW_PITCH,
    SEAT_PITCH,
    Wedge,
    aligned_parts,
    smallest_fit,
    split,
)

_SECTION_SEATS: Final = 18
_TIER_GAP: Final = 2.6 * ROW_PITCH
_SEATED_SHARE: Final = 0.86
_ZONES: Final = (
    Zone("floor", "Floor"),
    Zone("lower", "Lower Bowl"),
    Zone("upper", "Upper Bowl"),
    Zone("gallery", "Gallery"),
)
_TIER_ZONES: Final = ("lower", "upper", "gallery")
# The arcs of the oval that look at the stage, clockwise from the stage's left hand.
_OPEN_ARCS: Final = (1, 2, 3, 4, 5, 6, 7)
_STAGE_CORNERS: Final = (1, 7)
# The share of each corner beside the stage that is open to the audience.
_OPEN_CORNER: Final = 0.34


class _Block(msgspec.Struct):
    wedge: Wedge
    tier: int
    arc: int
    number: int


class _Floor(msgspec.Struct, frozen=True):
    """The rectangle of the floor, measured from the middle of the arena."""

    half_width: float
    top: float
    bottom: float


def arena(seats: int) -> Chart:
    """An arena of exactly `seats` places; the standing floor takes what the seats leave."""
    tiers = _tiers(seats)

    def seated(scale: float) -> int:
        floor = _floor(scale)
        return sum(sum(b.wedge.counts()) for b in _blocks(tiers, scale)) + sum(
            rows * columns for _, _, rows, columns in _floor_blocks(floor)
        )

    target = math.ceil(seats * _SEATED_SHARE)
    scale = smallest_fit(lambda s: seated(s) >= target, 0.2, 400.0)
    while seated(scale) >= seats:
        scale *= 0.98
    plan = Plan("Arena", (PLATINUM, GOLD, SILVER, BRONZE, VALUE, STANDING))
    floor = _floor(scale)
    blocks = _blocks(tiers, scale)
    plan.zones = list(_ZONES[: len(tiers) + 1])
    _draw_stage(plan, floor)
    _add_floor_seats(plan, floor)
    for block in blocks:
        _add_section(plan, block, tiers)
    _add_standing(plan, floor, seats - plan.seat_count())
    return plan.finish()


def _tiers(seats: int) -> tuple[int, ...]:
    rows = min(84, max(3, round(0.27 * math.sqrt(seats))))
    if seats < 2_500:
        return (rows,)
    if seats < 25_000:
        return (math.ceil(rows * 0.54), math.floor(rows * 0.46))
    return (math.ceil(rows * 0.4), math.floor(rows * 0.32), math.floor(rows * 0.28))


def _rim(scale: float) -> Oval:
    return oval(
        19.0 * scale,
        33.0 * scale,
        11.0 * scale,
        top_bend=math.radians(8.0),
        side_bend=math.radians(7.0),
    )


def _blocks(tiers: tuple[int, ...], scale: float) -> list[_Block]:
    """Every section of the bowl, tier by tier and clockwise from the stage's left hand."""
    arcs = _rim(scale).arcs()
    blocks = []
    offset = 0.0
    parts_below = dict.fromkeys(_OPEN_ARCS, 1)
    for tier, rows in enumerate(tiers):
        number = 0
        for at in _OPEN_ARCS:
            arc = arcs[at].further(offset)
            if at == 1:
                arc = arc.part(1 - _OPEN_CORNER, 1.0)
            if at == 7:
                arc = arc.part(0.0, _OPEN_CORNER)
            parts = aligned_parts(arc, rows, _SECTION_SEATS, parts_below[at])
            parts_below[at] = parts
            for part in split(arc, parts):
                number += 1
                blocks.append(_Block(Wedge(part, rows), tier, at, number))
        offset += (rows - 1) * ROW_PITCH + _TIER_GAP
    return blocks


def _category(block: _Block, tiers: tuple[int, ...]) -> Category:
    """Dearest along the sides near the stage, cheaper to the back, cheapest beside the stage."""
    if block.arc in _STAGE_CORNERS:
        return VALUE
    side = block.arc in (2, 6)
    if block.tier == 0:
        return GOLD if side else SILVER
    if block.tier == 1 and len(tiers) == 3:
        return SILVER if side else BRONZE
    return BRONZE if side else VALUE


def _add_section(plan: Plan, block: _Block, tiers: tuple[int, ...]) -> None:
    wedge = block.wedge
    label = str((block.tier + 1) * 100 + block.number)
    category = _category(block, tiers).key
    plan.sections.append(
        Section(
            id=label,
            label=label,
            outline=wedge.outline(),
            zone=_TIER_ZONES[block.tier],
            category=category,
            entrance=_entrance(wedge.middle()),
        )
    )
    restricted = block.arc in _STAGE_CORNERS
    for row, count in enumerate(wedge.counts()):
        x, y = wedge.seats(row, count)
        marks = Marks(restricted=frozenset(range(count)) if restricted else frozenset())
        if block.tier == 0 and row == wedge.rows - 1 and not restricted:
            marks = wheelchair_row(count)
        plan.rows.append(PlannedRow(label, row_label(row), x, y, category, marks))


def _entrance(at: Point) -> str:
    if abs(at.x) < abs(at.y) * 0.6:
        return "South Doors"
    return "East Doors" if at.x > 0 else "West Doors"


def _floor(scale: float) -> _Floor:
    """What the bowl leaves free, less a walkway."""
    walkway = 2.0 * scale + 20.0
    return _Floor(19.0 * scale - walkway, -33.0 * scale, 30.0 * scale - walkway)


def _stage_front(floor: _Floor) -> float:
    return floor.top + (floor.bottom - floor.top) * 0.2


def _standing_back(floor: _Floor) -> float:
    return floor.top + (floor.bottom - floor.top) * 0.56


def _floor_blocks(floor: _Floor) -> list[tuple[float, float, int, int]]:
    """Three blocks side by side: x and y of the first seat, rows, seats a row."""
    top = _standing_back(floor) + 50.0
    width = 2 * floor.half_width * 0.83
    columns = int((width - 2 * AISLE) / 3 / SEAT_PITCH)
    rows = int((floor.bottom - 40.0 - top) / ROW_PITCH)
    if columns < 3 or rows < 2:
        return []
    block = columns * SEAT_PITCH
    pitch = block + AISLE
    left = -pitch - block / 2 + SEAT_PITCH / 2
    desk = max(2, rows // 3)
    return [
        (left, top, rows, columns),
        (left + pitch, top, rows - desk, columns),
        (left + 2 * pitch, top, rows, columns),
    ]


def _add_floor_seats(plan: Plan, floor: _Floor) -> None:
    blocks = _floor_blocks(floor)
    for number, (x, y, rows, columns) in enumerate(blocks, 1):
        label = f"F{number}"
        category = PLATINUM.key
        air = SEAT_PITCH * 0.6
        right, bottom = x + (columns - 1) * SEAT_PITCH + air, y + (rows - 1) * ROW_PITCH + air
        outline = (
            Point(x - air, y - air),
            Point(right, y - air),
            Point(right, bottom),
            Point(x - air, bottom),
        )
        plan.sections.append(
            Section(
                id=label,
                label=label,
                outline=Polygon(outline),
                zone="floor",
                category=category,
                entrance="Floor Doors",
            )
        )
        xs = x + np.arange(columns, dtype=np.float64) * SEAT_PITCH
        for row in range(rows):
            marks = wheelchair_row(columns) if row == rows - 1 and number != 2 else Marks()
            ys = np.full(columns, y + row * ROW_PITCH, np.float64)
            plan.rows.append(PlannedRow(label, row_label(row), xs, ys, category, marks))
    if blocks:
        x, y, rows, columns = blocks[1]
        bottom = blocks[0][1] + (blocks[0][2] - 1) * ROW_PITCH
        top = y + rows * ROW_PITCH
        width = (columns - 1) * SEAT_PITCH
        plan.decorate(
            Decoration(
                "",
                "shape",
                Rectangle(Point(x + width / 2, (top + bottom) / 2), width, bottom - top, 0.0, 6.0),
                text="Mixing desk",
                fill="#D9DCE1",
                text_size=min(18.0, width / 8),
            )
        )


def _add_standing(plan: Plan, floor: _Floor, capacity: int) -> None:
    top = _stage_front(floor) + 36.0
    bottom = _standing_back(floor) if _floor_blocks(floor) else floor.bottom - 20.0
    plan.areas.append(
        Area(
            id="standing",
            label="Standing",
            shape=Rectangle(
                Point(0.0, (top + bottom) / 2), 2 * floor.half_width * 0.92, bottom - top, 0.0, 18.0
            ),
            category=STANDING.key,
            capacity=capacity,
            indexes=(),
        )
    )


def _draw_stage(plan: Plan, floor: _Floor) -> None:
    front = _stage_front(floor)
    half = floor.half_width * 0.8
    depth = front - floor.top
    plan.focal_point = Point(0.0, front)
    plan.decorate(
        Decoration(
            "",
            "stage",
            Polygon(
                (
                    Point(-half, floor.top),
                    Point(half, floor.top),
                    Point(half, front - depth * 0.2),
                    Point(half * 0.62, front),
                    Point(-half * 0.62, front),
                    Point(-half, front - depth * 0.2),
                )
            ),
            text="Stage",
            fill="#3C4250",
            text_size=depth * 0.3,
        )
    )
    for side in (-1, 1):
        plan.decorate(
            Decoration(
                "",
                "screen",
                Rectangle(Point(side * half * 0.8, floor.top - 18.0), half * 0.36, 12.0, 0.0, 3.0),
                fill="#6E7787",
            )
        )
