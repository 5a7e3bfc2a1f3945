"""Reads pretix seating plans (JSON). Positions are relative: plan <- zone <- row <- seat.

A pretix zone becomes a section. Where a zone uses a row label more than once, as plans of stadiums
do, its blocks of rows become sections of their own, "Ground floor 1", "Ground floor 2", so that
every place has a name no other has. Zones drawn above one another become floors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from seatengine.chart.chart import (
    Category,
    Decoration,
    Ellipse,
    Floor,
    Point,
    Polygon,
    Rectangle,
    Row,
    Seat,
    Section,
    Shape,
)
from seatengine.chart.checks import UNLABELLED
from seatengine.chart.importers.decode import decode_json
from seatengine.chart.importers.draft import Draft
from seatengine.chart.importers.report import Imported, Report
from seatengine.chart.importers.unread import unread_members
from seatengine.errors import BadChart


class XY(msgspec.Struct):
    x: float
    y: float


class SeatFile(msgspec.Struct):
    seat_number: str
    seat_guid: str
    position: XY
    category: str
    uuid: str = ""
    radius: float | None = None
    start_direction: str | None = None


class RowFile(msgspec.Struct):
    row_number: str
    position: XY
    seats: list[SeatFile]
    row_label: str | None = None
    seat_label: str | None = None
    row_number_position: str | None = None
    uuid: str = ""


class SizeFile(msgspec.Struct):
    width: float
    height: float


class CircleFile(msgspec.Struct):
    radius: float


class EllipseFile(msgspec.Struct):
    radius: XY


class PolygonFile(msgspec.Struct):
    points: list[XY]


class TextFile(msgspec.Struct):
    text: str = ""
    position: XY | None = None
    color: str | None = None
    size: float | None = None


class AreaFile(msgspec.Struct):
    shape: str
    position: XY
    color: str | None = None
    border_color: str | None = None
    rotation: float = 0.0
    uuid: str = ""
    rectangle: SizeFile | None = None
    circle: CircleFile | None = None
    ellipse: EllipseFile | None = None
    polygon: PolygonFile | None = None
    text: TextFile | None = None


class ZoneFile(msgspec.Struct):
    name: str
    position: XY
    rows: list[RowFile]
    zone_id: str = ""
    uuid: str = ""
    areas: list[AreaFile] = []


class CategoryFile(msgspec.Struct):
    name: str
    color: str = ""


class PlanFile(msgspec.Struct):
    name: str
    size: SizeFile
    categories: list[CategoryFile]
    zones: list[ZoneFile]


DEFAULT_RADIUS: Final = 10.0
LETTER_WIDTH: Final = 0.6
DEFAULT_TEXT_SIZE: Final = 16.0

# Rows of one block stand closer than this many seat spacings.
_BLOCK_GAP: Final = 2.5
# Two seats closer than this share of a seat's diameter lie on each other.
_SAME_SPOT: Final = 0.5


def read_pretix(data: bytes) -> Imported:
    """The chart in a pretix plan. Raises BadChart with the JSON path of what is broken."""
    plan = decode_json(data, PlanFile)
    report = Report()
    for name, (place, count) in unread_members(data, PlanFile).items():
        text = f"members named {name!r}, which mean nothing here"
        report.add(f"unread-{name}", text, place, count)
    return _Reader(plan, report).read()


class _Reader:
    def __init__(self, plan: PlanFile, report: Report) -> None:
        self.plan = plan
        self.report = report
        self.draft = Draft(report)
        self.seat_ids: set[str] = set()

    def read(self) -> Imported:
        plan, draft = self.plan, self.draft
        draft.name = draft.text(plan.name, "$.name")
        draft.width = draft.length(plan.size.width, "$.size.width")
        draft.height = draft.length(plan.size.height, "$.size.height")
        for at, category in enumerate(plan.categories):
            self._category(category, f"$.categories[{at}]")
        rows = [self._rows(zone, f"$.zones[{at}]") for at, zone in enumerate(plan.zones)]
        stacked = _any_stacked(rows)
        if stacked:
            self.report.add("stacked-zones", "zones above one another, put on floors", "$.zones")
        names: set[str] = set()
        for at, (zone, zone_rows) in enumerate(zip(plan.zones, rows, strict=True)):
            where = f"$.zones[{at}]"
            zone_id = draft.text(zone.zone_id, where) or draft.text(zone.uuid, where)
            zone_id = zone_id or f"zone-{at + 1}"
            if zone_id in names:
                self.report.add("duplicate-id", "ids used by more than one object", where)
                zone_id = f"{zone_id}~{at + 1}"
            names.add(zone_id)
            label = draft.text(zone.name, where) or f"Zone {at + 1}"
            floor = ""
            if stacked:
                floor = zone_id
                draft.floors.append(Floor(floor, label))
            self._sections(zone_id, label, floor, zone_rows, where)
            for number, area in enumerate(zone.areas):
                self._area(area, zone.position, floor, f"{where}.areas[{number}]")
        return Imported(draft.finish(), "pretix", self.report.findings())

    def _category(self, category: CategoryFile, where: str) -> None:
        key = self.draft.text(category.name, where)
        if not key or key in self.draft.categories:
            raise BadChart(where, f"the category name {key!r} is empty or used twice")
        color = self.draft.color(category.color, where) or "#7A8087"
        self.draft.categories[key] = Category(key, key, color)

    def _rows(self, zone: ZoneFile, where: str) -> list[Row]:
        text = self.draft.text
        result = []
        for at, row in enumerate(zone.rows):
            place = f"{where}.rows[{at}]"
            if row.seat_label and row.seat_label != "%s":
                self.report.add(
                    "seat-label-pattern", "patterns that seat labels are made by", place
                )
            if row.row_number_position not in (None, "start"):
                self.report.add("row-number-position", "where row numbers are drawn", place)
            x = zone.position.x + row.position.x
            y = zone.position.y + row.position.y
            result.append(
                Row(
                    id=text(row.uuid, place),
                    label=text(row.row_number, place),
                    seats=tuple(
                        self._seat(seat, x, y, f"{place}.seats[{number}]")
                        for number, seat in enumerate(row.seats)
                    ),
                    display_label=text(row.row_label, place),
                )
            )
        return result

    def _seat(self, seat: SeatFile, x: float, y: float, where: str) -> Seat:
        draft = self.draft
        seat_id = draft.text(seat.seat_guid, where)
        if seat_id in self.seat_ids:
            self.report.add(
                "duplicate-guid", "seats whose seat_guid another has; their uuid names them", where
            )
            seat_id = draft.text(seat.uuid, where) or seat_id
        self.seat_ids.add(seat_id)
        if seat.start_direction:
            self.report.add("start-direction", "from which side a row is filled", where)
        radius = seat.radius or DEFAULT_RADIUS
        return Seat(
            id=seat_id,
            index=0,
            label=draft.text(seat.seat_number, where) or UNLABELLED,
            x=draft.coordinate(x + seat.position.x, f"{where}.position.x"),
            y=draft.coordinate(y + seat.position.y, f"{where}.position.y"),
            category=draft.category(draft.text(seat.category, where), "", "", where),
            radius=draft.length(radius, f"{where}.radius"),
        )

    def _sections(self, zone_id: str, label: str, floor: str, rows: list[Row], where: str) -> None:
        blocks = row_blocks(rows)
        if len(blocks) > 1:
            self.report.add(
                "zone-split",
                "zones that use a row label twice, split into a section for each block of rows",
                where,
            )
        for number, block in enumerate(blocks, 1):
            split = len(blocks) > 1
            wanted = block_id(zone_id, number) if split else zone_id
            section = Section(
                id=self.draft.section_id(wanted, where),
                label=block_label(label, number) if split else label,
                floor=floor,
            )
            self.draft.sections.append(section)
            self.draft.rows += [
                msgspec.structs.replace(r, section=section.id, floor=floor) for r in block
            ]

    def _area(self, area: AreaFile, origin: XY, floor: str, where: str) -> None:
        draft = self.draft
        x, y = origin.x + area.position.x, origin.y + area.position.y
        fill = draft.color(area.color, where)
        shape = self._shape(area, x, y, where)
        area_id = draft.text(area.uuid, where)
        if shape is not None:
            draft.decorations.append(
                Decoration(
                    id=area_id,
                    kind="shape",
                    shape=shape,
                    fill=fill,
                    stroke=draft.color(area.border_color, where),
                    floor=floor,
                )
            )
        text = draft.text(area.text.text, where) if area.text else ""
        if area.text is None or not text:
            return
        size = draft.length(area.text.size or DEFAULT_TEXT_SIZE, f"{where}.text.size")
        at = area.text.position or XY(0.0, 0.0)
        draft.decorations.append(
            Decoration(
                id=f"{area_id}-text" if shape is not None and area_id else area_id,
                kind="text",
                shape=Rectangle(
                    Point(
                        draft.coordinate(x + at.x, f"{where}.text.position.x"),
                        draft.coordinate(y + at.y, f"{where}.text.position.y"),
                    ),
                    draft.length(size * LETTER_WIDTH * len(text), where),
                    draft.length(size * 1.25, where),
                    draft.coordinate(area.rotation, f"{where}.rotation"),
                ),
                text=text,
                fill=draft.color(area.text.color, where),
                text_size=size,
                floor=floor,
            )
        )

    def _shape(self, area: AreaFile, x: float, y: float, where: str) -> Shape | None:
        """The drawn shape of an area; None for mere text. Areas turn about their position."""
        coordinate, length = self.draft.coordinate, self.draft.length
        turn = math.radians(area.rotation)
        cos, sin = math.cos(turn), math.sin(turn)

        def turned(dx: float, dy: float) -> Point:
            return Point(
                coordinate(x + dx * cos - dy * sin, where),
                coordinate(y + dx * sin + dy * cos, where),
            )

        rotation = coordinate(area.rotation, f"{where}.rotation")
        if area.shape == "text":
            return None
        if area.shape == "rectangle" and area.rectangle is not None:
            width = length(area.rectangle.width, f"{where}.rectangle.width")
            height = length(area.rectangle.height, f"{where}.rectangle.height")
            return Rectangle(turned(width / 2, height / 2), width, height, rotation)
        if area.shape == "circle" and area.circle is not None:
            radius = length(area.circle.radius, f"{where}.circle.radius")
            return Ellipse(turned(0.0, 0.0), radius, radius)
        if area.shape == "ellipse" and area.ellipse is not None:
            return Ellipse(
                turned(0.0, 0.0),
                length(area.ellipse.radius.x, f"{where}.ellipse.radius.x"),
                length(area.ellipse.radius.y, f"{where}.ellipse.radius.y"),
                rotation,
            )
        if area.shape == "polygon" and area.polygon is not None and area.polygon.points:
            return Polygon(tuple(turned(p.x, p.y) for p in area.polygon.points))
        raise BadChart(where, f"its shape {area.shape!r} is unknown or has no {area.shape} object")


def block_id(zone_id: str, number: int) -> str:
    """The id of the section made of a zone's block `number`, from 1."""
    return f"{zone_id}-{number}"


def block_label(zone_label: str, number: int) -> str:
    """The label of that section."""
    return f"{zone_label} {number}"


def row_blocks(rows: list[Row]) -> list[list[Row]]:
    """`rows` as blocks in which every row label is used once; one block if that is so already."""
    if len({row.label for row in rows}) == len(rows):
        return [rows]
    reach = _BLOCK_GAP * _spacing(rows)
    blocks: list[list[Row]] = []
    labels: set[str] = set()
    for row in rows:
        if not blocks or row.label in labels or _distance(blocks[-1][-1], row) > reach:
            blocks.append([])
            labels = set()
        blocks[-1].append(row)
        labels.add(row.label)
    return blocks


def _spacing(rows: Sequence[Row]) -> float:
    """The median distance of neighbouring seats."""
    gaps = sorted(
        math.hypot(a.x - b.x, a.y - b.y)
        for row in rows
        for a, b in zip(row.seats, row.seats[1:], strict=False)
    )
    return gaps[len(gaps) // 2] if gaps else 2 * DEFAULT_RADIUS


def _distance(a: Row, b: Row) -> float:
    """Between the nearest of the ends and middles of two rows: enough to see a gap."""
    ends_a = [a.seats[i] for i in (0, len(a.seats) // 2, -1)] if a.seats else []
    ends_b = [b.seats[i] for i in (0, len(b.seats) // 2, -1)] if b.seats else []
    return min((math.hypot(p.x - q.x, p.y - q.y) for p in ends_a for q in ends_b), default=0.0)


def _any_stacked(zones: list[list[Row]]) -> bool:
    """Whether seats of different zones lie on one another, as they do on plans of two floors."""
    cell = 2 * DEFAULT_RADIUS * _SAME_SPOT
    owner: dict[tuple[int, int], int] = {}
    for number, rows in enumerate(zones):
        spots = {
            (math.floor(s.x / cell), math.floor(s.y / cell)) for row in rows for s in row.seats
        }
        if any(owner.get(spot, number) != number for spot in spots):
            return True
        for spot in spots:
            owner[spot] = number
    return False
