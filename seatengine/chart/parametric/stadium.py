"""A football stadium: a pitch, and up to three tiers of sections on an oval around it."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from seatengine.chart.chart import (
    Category,
    Chart,
    Decoration,
    Ellipse,
    Point,
    Polygon,
    Rectangle,
    Section,
    Zone,
)
from seatengine.chart.parametric.oval import Oval, oval
from seatengine.chart.parametric.palette import BRONZE, GOLD, PLATINUM, SILVER, VALUE
from seatengine.chart.parametric.plan import (
    Marks,
    Plan,
    PlannedRow,
    row_label,
    wheelchair_row,
)
from seatengine.chart.parametric.wedge import (
    ROW_PITCH,
    Wedge,
    aligned_parts,
    smallest_fit,
    split,
    trimmed,
)

_SECTION_SEATS: Final = 22
_TIER_GAP: Final = 2.4 * ROW_PITCH
_STANDS: Final = (
    Zone("north", "North Stand"),
    Zone("east", "East Stand"),
    Zone("south", "South Stand"),
    Zone("west", "West Stand"),
)
# The stand of each of an oval's arcs: its corners belong to the ends.
_STAND_OF_ARC: Final = ("north", "east", "east", "east", "south", "west", "west", "west")
_LONG_SIDES: Final = (0, 4)
_CORNERS: Final = (1, 3, 5, 7)

# Metres of a football pitch (IFAB Laws of the Game, Law 1).
_PITCH_LENGTH: Final = 105.0
_PITCH_WIDTH: Final = 68.0
_RUN_OFF: Final = 9.0
_APRON: Final = "#5E9460"
_GRASS: Final = "#6FA86B"
_GRASS_STRIPE: Final = "#78B274"
_LINE: Final = "#FFFFFF"
_STRIPES: Final = 14


class _Block(msgspec.Struct):
    """A section to be: where it is, how dear it is."""

    wedge: Wedge
    tier: int
    arc: int
    share: float
    number: int


class _Shape(msgspec.Struct, frozen=True):
    """What of a stadium follows from its capacity alone."""

    tiers: tuple[int, ...]
    arcs: tuple[int, ...]


def stadium(seats: int) -> Chart:
    """A stadium of exactly `seats` seats."""
    shape = _shape(seats)

    def capacity(scale: float) -> int:
        return sum(sum(b.wedge.counts()) for b in _blocks(shape, scale))

    scale = smallest_fit(lambda s: capacity(s) >= seats, 0.2, 200.0)
    blocks = _blocks(shape, scale)
    counts = trimmed([b.wedge.counts() for b in blocks], capacity(scale) - seats)
    plan = Plan("Stadium", (PLATINUM, GOLD, SILVER, BRONZE, VALUE))
    plan.zones = [z for z in _STANDS if any(_STAND_OF_ARC[a] == z.id for a in shape.arcs)]
    _draw_pitch(plan, scale)
    labels = _labels(blocks)
    pillars = _pillars(plan, blocks) if len(shape.tiers) > 1 else set()
    for at, (block, block_counts) in enumerate(zip(blocks, counts, strict=True)):
        _add_section(plan, block, labels[at], block_counts, shape, at in pillars)
    return plan.finish()


def _shape(seats: int) -> _Shape:
    rows = min(84, max(3, round(0.27 * math.sqrt(seats))))
    if seats < 15_000:
        tiers: tuple[int, ...] = (rows,)
    elif seats < 45_000:
        tiers = (math.ceil(rows * 0.52), math.floor(rows * 0.48))
    else:
        tiers = (math.ceil(rows * 0.42), round(rows * 0.16), math.floor(rows * 0.42))
    arcs = tuple(range(8))
    if seats < 3_000:
        arcs = (0, 2, 4, 6)
    if seats < 800:
        arcs = _LONG_SIDES
    return _Shape(tiers, arcs)


def _rim(scale: float) -> Oval:
    return oval(
        (_PITCH_LENGTH / 2 + _RUN_OFF) * scale,
        (_PITCH_WIDTH / 2 + _RUN_OFF) * scale,
        18.0 * scale,
    )


def _blocks(shape: _Shape, scale: float) -> list[_Block]:
    """Every section, tier by tier and clockwise from the middle of the south stand."""
    arcs = _rim(scale).arcs()
    blocks = []
    offset = 0.0
    parts_below = dict.fromkeys(shape.arcs, 1)
    for tier, rows in enumerate(shape.tiers):
        ring = []
        for number in shape.arcs:
            further = arcs[number].further(offset)
            parts = aligned_parts(further, rows, _SECTION_SEATS, parts_below[number])
            parts_below[number] = parts
            ring += [
                _Block(Wedge(part, rows), tier, number, (i + 0.5) / parts, 0)
                for i, part in enumerate(split(further, parts))
            ]
        south = [i for i, block in enumerate(ring) if block.arc == 4]
        first = south[0] + len(south) // 2
        ring = ring[first:] + ring[:first]
        for position, block in enumerate(ring):
            block.number = position + 1
        blocks += ring
        offset += (rows - 1) * ROW_PITCH + _TIER_GAP
    return blocks


def _labels(blocks: list[_Block]) -> list[str]:
    """101 and on for the lowest tier, 201 for the next; 1001 where a tier has 100 or more."""
    per_tier = 100 if max(b.number for b in blocks) < 100 else 1_000
    return [str((b.tier + 1) * per_tier + b.number) for b in blocks]


def _category(block: _Block, shape: _Shape) -> Category:
    """Dearest on the long sides near the half-way line, cheapest high up in the corners."""
    top = len(shape.tiers) - 1
    central = abs(block.share - 0.5) < 0.27
    if block.arc in _LONG_SIDES:
        if block.tier < max(top, 1):
            return PLATINUM if central else GOLD
        return SILVER if central else BRONZE
    if block.tier == 0:
        return BRONZE if block.arc in _CORNERS else SILVER
    if block.tier < top:
        return SILVER
    return VALUE if block.arc in _CORNERS else BRONZE


def _add_section(
    plan: Plan, block: _Block, label: str, counts: list[int], shape: _Shape, pillar: bool
) -> None:
    wedge = block.wedge
    category = _category(block, shape).key
    plan.sections.append(
        Section(
            id=label,
            label=label,
            outline=wedge.outline(),
            zone=_STAND_OF_ARC[block.arc],
            category=category,
            entrance=_gate(wedge.middle()),
        )
    )
    for row, count in enumerate(counts):
        if not count:
            continue
        x, y = wedge.seats(row, count)
        last = row == len(counts) - 1
        marks = Marks()
        if block.tier == 0 and last:
            marks = wheelchair_row(count)
        elif pillar and row > _pillar_row(wedge):
            marks = Marks(restricted=frozenset({0, count - 1}))
        plan.rows.append(PlannedRow(label, row_label(row), x, y, category, marks))


def _gate(at: Point) -> str:
    """Eight gates around the ground, A in the north and on clockwise."""
    turn = (math.atan2(at.y, at.x) + math.pi / 2 + math.pi / 8) % (2 * math.pi)
    return "Gate " + "ABCDEFGH"[int(turn / (math.pi / 4)) % 8]


def _pillar_row(wedge: Wedge) -> int:
    return wedge.rows * 2 // 3


def _pillars(plan: Plan, blocks: list[_Block]) -> set[int]:
    """Pillars that carry the tier above, in the aisles of the long sides; returns whose they are.

    A pillar stands in the aisle at each end of its section and hides some of the pitch from the
    seats behind it that are next to that aisle.
    """
    owners = set()
    for at, block in enumerate(blocks):
        if block.tier or block.arc not in _LONG_SIDES or block.number % 2:
            continue
        owners.add(at)
        for share in (0.0, 1.0):
            center = block.wedge.arc.point(share, block.wedge.offset(_pillar_row(block.wedge)))
            plan.decorate(
                Decoration("", "shape", Ellipse(center, 7.0, 7.0), fill="#8A9099", stroke="#6B7078")
            )
    return owners


def _draw_pitch(plan: Plan, scale: float) -> None:
    """Grass in stripes and the markings of Law 1, true to scale."""
    length, width = _PITCH_LENGTH * scale, _PITCH_WIDTH * scale
    origin = Point(0.0, 0.0)
    inset = min(26.0, 0.8 * _RUN_OFF * scale)
    rim = [arc.point(i / 12, -inset) for arc in _rim(scale).arcs() for i in range(12)]
    plan.decorate(Decoration("", "shape", Polygon(tuple(rim)), fill=_APRON))
    plan.decorate(
        Decoration(
            "",
            "stage",
            Rectangle(origin, length, width),
            fill=_GRASS,
        )
    )
    stripe = length / _STRIPES
    for i in range(0, _STRIPES, 2):
        center = Point(-length / 2 + stripe * (i + 0.5), 0.0)
        plan.decorate(Decoration("", "shape", Rectangle(center, stripe, width), fill=_GRASS_STRIPE))

    def line(shape: Rectangle | Ellipse | Polygon) -> None:
        plan.decorate(Decoration("", "line", shape, stroke=_LINE))

    line(Rectangle(origin, length, width))
    line(Polygon((Point(0.0, -width / 2), Point(0.0, width / 2))))
    line(Ellipse(origin, 9.15 * scale, 9.15 * scale))
    for side in (-1, 1):
        for depth, across in ((16.5, 40.32), (5.5, 18.32)):
            center = Point(side * (length / 2 - depth * scale / 2), 0.0)
            line(Rectangle(center, depth * scale, across * scale))
        spot = Point(side * (length / 2 - 11.0 * scale), 0.0)
        line(Ellipse(spot, 0.3 * scale, 0.3 * scale))
        goal = Point(side * (length / 2 + 1.2 * scale), 0.0)
        line(Rectangle(goal, 2.4 * scale, 7.32 * scale))
        bench = Point(side * 14.0 * scale, width / 2 + 5.0 * scale)
        plan.decorate(
            Decoration(
                "",
                "shape",
                Rectangle(bench, 10.0 * scale, 2.0 * scale, 0.0, 0.6 * scale),
                text="Home" if side < 0 else "Away",
                fill="#3C4250",
                text_size=1.2 * scale,
            )
        )
