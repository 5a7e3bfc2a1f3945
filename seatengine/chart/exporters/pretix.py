"""Writes pretix seating plans: the inverse of importers/pretix.py.

A section becomes a zone. Sections that the importer made of one zone become that zone again.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Any, Final

import msgspec

from seatengine.chart.chart import (
    Area,
    Booth,
    Chart,
    Decoration,
    Ellipse,
    Point,
    Polygon,
    Row,
    Seat,
    Section,
    Shape,
    Table,
    seats_of,
)
from seatengine.chart.importers.pretix import (
    DEFAULT_RADIUS,
    DEFAULT_TEXT_SIZE,
    block_id,
    block_label,
    row_blocks,
)
from seatengine.chart.importers.report import Finding, Report
from seatengine.chart.seat_table import shape_center

Json = dict[str, Any]

_BLOCK: Final = re.compile(r"(?P<label>.+) 1")


class _Zone(msgspec.Struct):
    id: str
    name: str
    floor: str
    rows: list[Row]
    areas: list[Json]


def write_pretix(chart: Chart) -> tuple[bytes, tuple[Finding, ...]]:
    """The plan, and what of the chart it cannot say."""
    return _Writer(chart).write()


class _Writer:
    def __init__(self, chart: Chart) -> None:
        self.chart = chart
        self.report = Report()
        labels = Counter(c.label for c in chart.categories)
        self.names = {
            c.key: c.key if c.key == c.label or labels[c.label] > 1 else c.label
            for c in chart.categories
        }

    def write(self) -> tuple[bytes, tuple[Finding, ...]]:
        chart = self.chart
        self._name_losses()
        zones = self._zones()
        if not zones and (chart.decorations or chart.areas or chart.booths):
            zones = [_Zone("plan", chart.name or "Plan", "", [], [])]
        homes = {zone.floor: zone for zone in reversed(zones)}
        for d in chart.decorations:
            homes.get(d.floor, zones[0]).areas.extend(_areas(d))
        sold: tuple[Area | Booth, ...] = (*chart.areas, *chart.booths)
        for thing in sold:
            drawn = Decoration(thing.id, "shape", thing.shape, thing.label, fill="#CCCCCC")
            homes.get(thing.floor, zones[0]).areas += _areas(drawn)
        plan: Json = {
            "name": chart.name,
            "size": {"width": chart.width, "height": chart.height},
            "categories": [{"name": self.names[c.key], "color": c.color} for c in chart.categories],
            "zones": [
                {
                    "name": zone.name,
                    "zone_id": zone.id,
                    "uuid": zone.id,
                    "position": {"x": 0, "y": 0},
                    "rows": [self._row(row) for row in zone.rows],
                    "areas": zone.areas,
                }
                for zone in zones
            ],
        }
        return msgspec.json.encode(plan), self.report.findings()

    def _name_losses(self) -> None:
        chart, add = self.chart, self.report.add
        seats = list(seats_of(chart))
        restricted = sum(s.restricted_view for s in seats)
        entrances = sum(bool(s.entrance) for s in seats)
        entrances += sum(bool(s.entrance) for s in chart.sections)
        shaped = sum(d.kind not in ("shape", "text") for d in chart.decorations)
        for code, text, count in (
            ("price", "prices of categories", sum(c.price > 0 for c in chart.categories)),
            ("accessible", "seats for wheelchairs", sum(s.accessible for s in seats)),
            ("companion", "companions' seats", sum(s.companion for s in seats)),
            ("semi-ambulatory", "semi-ambulatory seats", sum(s.semi_ambulatory for s in seats)),
            ("restricted-view", "seats with a restricted view", restricted),
            ("entrance", "entrances", entrances),
            ("table", "tables, written as rows of seats", len(chart.tables)),
            ("booth", "booths, drawn but not for sale", len(chart.booths)),
            ("area", "general-admission areas, drawn but not for sale", len(chart.areas)),
            ("outline", "outlines of sections", sum(s.outline is not None for s in chart.sections)),
            ("zone", "zones and their focal points", len(chart.zones)),
            ("focal-point", "the focal point", int(chart.focal_point is not None)),
            ("decoration-kind", "what decorations stand for, such as a stage", shaped),
        ):
            add(code, text, "chart", count)

    def _zones(self) -> list[_Zone]:
        rows: dict[str, list[Row]] = {}
        owners: tuple[Row | Table, ...] = (*self.chart.rows, *self.chart.tables)
        for owner in owners:
            row = owner if isinstance(owner, Row) else _as_row(owner)
            rows.setdefault(owner.section, []).append(row)
        known = {s.id for s in self.chart.sections}
        loose = [row for section, own in rows.items() if section not in known for row in own]
        zones = []
        if loose:
            zones.append(_Zone("seats", self.chart.name or "Seats", "", loose, []))
        sections = list(self.chart.sections)
        while sections:
            count = _split_zone(sections, rows)
            section = sections[0]
            zone_id, name = section.id, section.label
            if count > 1:
                zone_id, name = section.id[: -len("-1")], section.label[: -len(" 1")]
            own = [row for s in sections[:count] for row in rows.get(s.id, [])]
            zones.append(_Zone(zone_id, name, section.floor, own, []))
            del sections[:count]
        return zones

    def _row(self, row: Row) -> Json:
        start = Point(row.seats[0].x, row.seats[0].y) if row.seats else Point(0.0, 0.0)
        return {
            "row_number": row.label,
            "row_label": row.display_label or None,
            "row_number_position": "start",
            "uuid": row.id,
            "position": _xy(start.x, start.y),
            "seats": [self._seat(seat, start) for seat in row.seats],
        }

    def _seat(self, seat: Seat, start: Point) -> Json:
        return {
            "seat_guid": seat.id,
            "seat_number": seat.label,
            "uuid": seat.id,
            "position": _xy(round(seat.x - start.x, 6), round(seat.y - start.y, 6)),
            "category": self.names[seat.category],
            "radius": seat.radius or DEFAULT_RADIUS,
        }


def _split_zone(sections: list[Section], rows: dict[str, list[Row]]) -> int:
    """How many of the first sections the importer made of one zone; 1 if it made none."""
    first = sections[0]
    match = _BLOCK.fullmatch(first.label)
    if match is None or not first.id.endswith("-1"):
        return 1
    base, label = first.id[: -len("-1")], match["label"]
    count = 0
    for number, section in enumerate(sections, 1):
        expected = Section(block_id(base, number), block_label(label, number), floor=first.floor)
        if section != expected:
            break
        count = number
    blocks = [rows.get(section.id, []) for section in sections[:count]]
    return count if row_blocks([row for block in blocks for row in block]) == blocks else 1


def _as_row(table: Table) -> Row:
    return Row(table.id, table.label, table.seats, section=table.section, floor=table.floor)


def _areas(d: Decoration) -> list[Json]:
    """A decoration as areas: its shape, and its text in the middle of it."""
    center = shape_center(d.shape)
    rotation = 0.0 if isinstance(d.shape, Polygon) else d.shape.rotation
    areas = []
    if d.kind != "text":
        areas.append(
            {
                "uuid": d.id,
                **_area_shape(d.shape),
                **({"color": d.fill} if d.fill else {}),
                **({"border_color": d.stroke} if d.stroke else {}),
            }
        )
    if d.text:
        areas.append(
            {
                "uuid": d.id if d.kind == "text" else f"{d.id}-text",
                "shape": "text",
                "position": _xy(center.x, center.y),
                "rotation": rotation,
                "text": {
                    "position": _xy(0.0, 0.0),
                    "text": d.text,
                    "size": d.text_size or DEFAULT_TEXT_SIZE,
                    **({"color": d.fill} if d.fill and d.kind == "text" else {}),
                },
            }
        )
    return areas


def _area_shape(shape: Shape) -> Json:
    if isinstance(shape, Polygon):
        return {
            "shape": "polygon",
            "position": _xy(0.0, 0.0),
            "rotation": 0.0,
            "polygon": {"points": [_xy(p.x, p.y) for p in shape.points]},
        }
    if isinstance(shape, Ellipse):
        placed = {"position": _xy(shape.center.x, shape.center.y), "rotation": shape.rotation}
        if shape.radius_x == shape.radius_y and not shape.rotation:
            return {"shape": "circle", **placed, "circle": {"radius": shape.radius_x}}
        radius = _xy(shape.radius_x, shape.radius_y)
        return {"shape": "ellipse", **placed, "ellipse": {"radius": radius}}
    turn = math.radians(shape.rotation)
    cos, sin = math.cos(turn), math.sin(turn)
    dx, dy = shape.width / 2, shape.height / 2
    x = shape.center.x - (dx * cos - dy * sin)
    y = shape.center.y - (dx * sin + dy * cos)
    return {
        "shape": "rectangle",
        "position": _xy(x, y),
        "rotation": shape.rotation,
        "rectangle": {"width": shape.width, "height": shape.height},
    }


def _xy(x: float, y: float) -> Json:
    return {"x": x, "y": y}
